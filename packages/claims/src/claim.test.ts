import { isFault, type ContainerId, type TenantId } from '@boilerhouse/base'
import { expect, test } from 'bun:test'

import { codeOf } from './fault-code.fixture.ts'
import { addWorkload, claimRequest, context, createWorld } from './world.fixture.ts'

test('a warm claim is bound and delivered before it is answered', async () => {
  using world = await createWorld({ warm: 1, workload: { ports: [{ name: 'web', containerPort: 80 }] } })
  const { answer, isNew } = await world.claim('alice', {
    config: { greeting: 'hi' },
    secrets: { TOKEN: 's3cr3t', BIN: { base64: '/wA=' } },
  })
  expect([isNew, answer.state, answer.source, answer.revision]).toEqual([true, 'active', 'pool', 1])
  const delivery = world.runtime.control.delivered(answer.containerId as ContainerId)
  expect(delivery?.config).toEqual({ greeting: 'hi' })
  expect(Buffer.from(delivery?.secrets.get('TOKEN') ?? []).toString()).toBe('s3cr3t')
  expect([...(delivery?.secrets.get('BIN') ?? [])]).toEqual([255, 0])
  expect(answer.endpoints['web']).toMatchObject({ host: '127.0.0.1' })
  expect(Object.keys(answer.timings)).toEqual(['bind', 'deliver', 'total'])
})

test('no engine call is on the path of a warm claim', async () => {
  using world = await createWorld({ warm: 1 })
  const before = world.runtime.control.engineCalls()
  await world.claim('alice')
  expect(world.runtime.control.engineCalls()).toBe(before)
})

test('the same claim fifty times at once gives one container and one body', async () => {
  using world = await createWorld({ warm: 5 })
  const answers = await Promise.all(Array.from({ length: 50 }, () => world.claim('alice', { config: { a: 1 } })))
  expect(new Set(answers.map((each) => JSON.stringify(each))).size).toBe(1)
  expect((await world.states()).filter((state) => state === 'bound')).toHaveLength(1)
  expect(world.runtime.control.calls('deliver')).toBe(1)
})

test('fifty different claims of one tenant and pool at once still take one container', async () => {
  using world = await createWorld({ warm: 5 })
  const answers = await Promise.all(Array.from({ length: 50 }, (_, n) => world.claim('alice', { config: { n } })))
  expect(new Set(answers.map(({ answer }) => answer.containerId)).size).toBe(1)
  expect(answers.filter(({ isNew }) => isNew)).toHaveLength(1)
})

test('fifty tenants at once over fifty warm ones get one each', async () => {
  using world = await createWorld({ warm: 50 })
  const answers = await Promise.all(Array.from({ length: 50 }, (_, n) => world.claim(`t${n}`)))
  expect(new Set(answers.map(({ answer }) => answer.containerId)).size).toBe(50)
  expect(answers.every(({ answer }) => answer.source === 'pool')).toBe(true)
})

test('two processes never give one container to two tenants', async () => {
  using world = await createWorld({ warm: 20 })
  const other = world.another()
  const answers = await Promise.all(
    Array.from({ length: 20 }, (_, n) => (n % 2 ? world.claims : other).claim(`t${n}` as TenantId, claimRequest(), context())),
  )
  expect(new Set(answers.map(({ answer }) => answer.containerId)).size).toBe(20)
})

test('tenant a-b of pool c and tenant a of pool b-c are two tenants with two containers', async () => {
  using world = await createWorld({})
  const c = await world.addPool('c')
  const bc = await world.addPool('b-c')
  await world.addWarm(1, c)
  await world.addWarm(1, bc)
  const first = await world.claim('a-b', { poolId: c })
  const second = await world.claim('a', { poolId: bc })
  expect(first.answer.containerId).not.toBe(second.answer.containerId)
  expect((await world.live('a', bc))?.containerId as string).toBe(second.answer.containerId)
})

test('what is specific to the caller (config, secret, metadata) still hits the warm pool', async () => {
  using world = await createWorld({ warm: 1 })
  const { answer } = await world.claim('alice', { config: { x: 1 }, secrets: { A: 'b' }, metadata: { team: 'red' } })
  expect(answer.source).toBe('pool')
})

test('what is specific to the caller (env) still hits the warm pool of a parked workload', async () => {
  using world = await createWorld({
    warm: 1,
    workload: { warmth: 'parked', environment: { WHO: '${tenantId}', T: '${secret:TOKEN}' } },
  })
  const { answer } = await world.claim('alice', { env: { MORE: 'x' }, secrets: { TOKEN: 's' } })
  expect(answer.source).toBe('pool')
  expect(world.runtime.control.delivered(answer.containerId as ContainerId)?.start?.environment).toEqual({
    WHO: 'alice',
    T: 's',
    MORE: 'x',
  })
})

test('a claim that is not valid changes nothing', async () => {
  const schema = { type: 'object', properties: { n: { type: 'integer' } }, required: ['n'] }
  using world = await createWorld({ warm: 1, workload: { configSchema: schema } })
  expect(await codeOf(world.claim('alice'))).toBe('claim.config_invalid')
  expect(await codeOf(world.claim('alice', { config: { n: 'x' } }))).toBe('claim.config_invalid')
  expect(await codeOf(world.claim('alice', { config: { n: 1 }, env: { A: 'b' } }))).toBe('claim.env_unsupported')
  expect(await codeOf(world.claim('alice', { config: { n: 1 }, secrets: { A: { base64: '?' } } }))).toBe('request.invalid')
  expect(await codeOf(world.claim('alice', { poolId: 'none' }))).toBe('pool.not_found')
  expect(await world.live('alice')).toBeUndefined()
  expect(await world.states()).toEqual(['warm'])
  expect(world.saw('container.claimed')).toEqual([])
})

test('a parked claim that lacks a secret its environment needs is refused before anything is bound', async () => {
  using world = await createWorld({ warm: 1, workload: { warmth: 'parked', environment: { T: '${secret:TOKEN}' } } })
  try {
    await world.claim('alice')
    expect.unreachable()
  } catch (error) {
    expect(isFault(error, 'request.invalid') && error.errors).toMatchObject([{ pointer: '/secrets/TOKEN' }])
  }
  expect(await codeOf(world.claim('alice', { secrets: { TOKEN: 'x'.repeat(140_000) } }))).toBe('request.invalid')
  expect(await world.states()).toEqual(['warm'])
})

test('secrets are never in a record, an event, a view or a fault', async () => {
  using world = await createWorld({ warm: 1, workload: { hooks: { postClaim: { command: ['x'] } } } })
  world.runtime.control.behaviour.onExec = () => ({
    exitCode: 1,
    stdout: Buffer.from(''),
    stderr: Buffer.from('got hunter22!'),
    truncated: false,
  })
  let message = ''
  await world.claim('alice', { secrets: { PW: 'hunter22' } }).catch((error: Error) => (message = error.message))
  expect(message).toContain('got [redacted]!')
  const records = await world.store.claims.all({ states: ['pending', 'failed'] })
  expect(records).toHaveLength(1)
  for (const { sealed, ...record } of records) {
    expect(JSON.stringify(record)).not.toContain('hunter22')
    expect(Buffer.from(sealed ?? []).toString()).not.toContain('hunter22')
  }
  await world.until(() => world.saw('claim.failed').length > 0)
  expect(JSON.stringify(world.events)).not.toContain('hunter22')
  expect(JSON.stringify(await world.claims.tenant('alice' as TenantId))).not.toContain('hunter22')
})

test("a tenant's quota over pools holds, also where the pool has nothing warm", async () => {
  using world = await createWorld({ warm: 1, settings: { maxClaimsPerTenant: 1 } })
  const other = await world.addPool('other')
  await world.claim('alice')
  expect(await codeOf(world.claim('alice', { poolId: other }))).toBe('claim.quota')
  expect(await world.states(other)).toEqual([])
  await world.addWarm(1, other)
  expect(await codeOf(world.claim('alice', { poolId: other }))).toBe('claim.quota')
  expect((await world.claim('bob', { poolId: other })).answer.source).toBe('pool')
})

test('verifyOnClaim takes a "ready" member that serves errors out of the pool and takes the next', async () => {
  using world = await createWorld({ pool: { verifyOnClaim: true }, workload: { healthCheck: { tcp: { port: 80 } } }, warm: 3 })
  const ids = await world.store.containers.all({ poolId: world.poolId })
  for (const { id } of ids.slice(0, 2)) world.runtime.control.setProbe(id, 'fail')
  const { answer } = await world.claim('alice')
  expect(answer.containerId).toBe(ids[2]!.id as string)
  expect(answer.timings['verify']).toBeDefined()
  const states = await world.states()
  expect(states).toContain('bound')
  expect(states.filter((state) => state === 'warm').length).toBeLessThan(3)
})

test('a warm member that died unnoticed is replaced by the next, and its claim ends', async () => {
  using world = await createWorld({ warm: 2 })
  const [first] = (await world.store.containers.all({ poolId: world.poolId })).map(({ id }) => id).toReversed()
  world.runtime.control.removeContainer(first!)
  const { answer } = await world.claim('alice')
  expect(answer.state).toBe('active')
  expect(answer.containerId).not.toBe(first as string)
})

test('a pool or workload that changed is seen by the next claim', async () => {
  using world = await createWorld({ warm: 2 })
  await world.claim('alice')
  const workload = (await world.store.workloads.get(world.workloadId))!
  const spec = { ...workload.spec, configSchema: { type: 'object', required: ['x'] } }
  await world.store.workloads.update(workload.id, spec, {
    event: { type: 'workload.updated', actor: 't', subject: `workload/${workload.id}` },
  })
  await world.store.workloads.setStatus(workload.id, 2, { state: 'ready', imageId: 'i' }, {})
  await world.until(() => world.saw('workload.updated').length > 0)
  expect(await codeOf(world.claim('bob'))).toBe('claim.config_invalid')
})

test('pools of one workload never share their containers', async () => {
  using world = await createWorld({ warm: 1, pool: { maxSize: 1 } })
  const other = await world.addPool('other', { maxSize: 1 })
  const first = await world.claim('alice')
  const second = await world.claim('alice', { poolId: other })
  expect(second.answer.source).toBe('cold')
  expect(second.answer.containerId).not.toBe(first.answer.containerId)
})

test('a workload whose spec needs nothing of the first one is claimed beside it', async () => {
  using world = await createWorld({ warm: 1 })
  await addWorkload(world.store, 'second' as never)
  const pool = await world.addPool('p2', {}, 'second')
  await world.addWarm(1, pool)
  expect((await world.claim('alice', { poolId: pool })).answer.source).toBe('pool')
})
