import type { ContainerId } from '@boilerhouse/base'
import { execResult } from '@boilerhouse/runtime'
import { expect, test } from 'bun:test'

import { codeOf } from './fault-code.fixture.ts'
import { createWorld, type World } from './world.fixture.ts'

const delivered = async (world: World, tenant: string) =>
  world.runtime.control.delivered((await world.live(tenant))?.containerId as ContainerId)

test('the same tenant again is answered as existing, and nothing is delivered again', async () => {
  using world = await createWorld({ warm: 2 })
  const first = await world.claim('alice', { config: { a: 1 } })
  const again = await world.claim('alice', { config: { a: 1 } })
  expect([again.isNew, again.answer.source, again.answer.revision]).toEqual([false, 'existing', 1])
  expect(again.answer.containerId).toBe(first.answer.containerId)
  expect(world.runtime.control.calls('deliver')).toBe(1)
})

test('other config, secrets or metadata are delivered anew with postClaim, and fields left out stay', async () => {
  using world = await createWorld({ warm: 1, workload: { hooks: { postClaim: { command: ['reload'] } } } })
  await world.claim('alice', { config: { a: 1 }, secrets: { S: 'one' }, metadata: { m: '1' } })
  expect((await world.claim('alice', { config: { a: 2 } })).answer.revision).toBe(2)
  expect((await world.claim('alice', { secrets: { S: 'two' } })).answer.revision).toBe(3)
  const delivery = await delivered(world, 'alice')
  expect([delivery?.revision, delivery?.config, delivery?.metadata]).toEqual([3, { a: 2 }, { m: '1' }])
  expect(Buffer.from(delivery?.secrets.get('S') ?? []).toString()).toBe('two')
  expect(world.runtime.control.calls('exec')).toBe(3)
  await world.until(() => world.saw('claim.updated').length === 2)
  expect(world.saw('claim.updated').map(({ data }) => data)).toEqual([{ changed: ['config'] }, { changed: ['secrets'] }])
})

test('other env on a started container is claim.env_fixed, and nothing changes', async () => {
  using world = await createWorld({ warm: 1, workload: { warmth: 'parked' } })
  await world.claim('alice', { env: { A: '1' } })
  expect((await world.claim('alice', { env: { A: '1' } })).answer.revision).toBe(1)
  expect((await world.claim('alice', {})).answer.revision).toBe(1)
  expect(await codeOf(world.claim('alice', { env: { A: '2' }, config: { x: 1 } }))).toBe('claim.env_fixed')
  expect((await world.live('alice'))?.revision).toBe(1)
})

test('config that does not fit is refused and the former one stays', async () => {
  using world = await createWorld({
    warm: 1,
    workload: { configSchema: { properties: { n: { type: 'integer' } }, required: ['n'] } },
  })
  await world.claim('alice', { config: { n: 1 } })
  expect(await codeOf(world.claim('alice', { config: { n: 'x' } }))).toBe('claim.config_invalid')
  expect((await world.live('alice'))?.config).toEqual({ n: 1 })
  expect((await world.claim('alice')).answer.revision).toBe(1)
})

test('an update whose delivery was interrupted is delivered by the next claim, and by the controller', async () => {
  using world = await createWorld({ warm: 1 })
  await world.claim('alice', { config: { a: 1 } })
  for (const [revision, repair] of [
    [2, () => world.claim('alice', { config: { a: 2 } })],
    [3, () => world.resumeAll()],
  ] as const) {
    world.runtime.control.failNext('deliver')
    expect(await codeOf(world.claim('alice', { config: { a: revision } }))).toBe('runtime.unavailable')
    await repair()
    expect((await delivered(world, 'alice'))?.config).toEqual({ a: revision })
    expect((await world.live('alice'))?.reason).toBeUndefined()
  }
})

test('a postClaim hook that fails an update is told, tried again by the next claim alone, and leaves the claim active', async () => {
  using world = await createWorld({ warm: 1, workload: { hooks: { postClaim: { command: ['reload'] } } } })
  await world.claim('alice', { config: { a: 1 } })
  const { behaviour } = world.runtime.control
  behaviour.onExec = () => execResult(3, '', 'no')
  expect(await codeOf(world.claim('alice', { config: { a: 2 } }))).toBe('claim.hook_failed')
  const calls = world.runtime.control.calls('exec')
  await world.resumeAll()
  expect(world.runtime.control.calls('exec')).toBe(calls)
  expect((await world.live('alice'))?.state).toBe('active')
  behaviour.onExec = () => execResult(0)
  expect((await world.claim('alice', { config: { a: 2 } })).answer.revision).toBe(2)
  expect((await world.live('alice'))?.reason).toBeUndefined()
})

test('a pending claim is delivered by a retry before anybody is answered', async () => {
  using world = await createWorld({ warm: 1 })
  world.runtime.control.failNext('deliver')
  expect(await codeOf(world.claim('alice'))).toBe('runtime.unavailable')
  expect((await world.live('alice'))?.state).toBe('pending')
  const { answer, isNew } = await world.claim('alice', { config: { late: true } })
  expect([isNew, answer.state, answer.source]).toEqual([true, 'active', 'pool'])
  expect((await delivered(world, 'alice'))?.config).toEqual({ late: true })
})

test('a pending claim that nobody retries is delivered by the sweep', async () => {
  using world = await createWorld({ warm: 1 })
  world.runtime.control.failNext('deliver')
  await codeOf(world.claim('alice'))
  await world.resumeAll()
  expect((await world.live('alice'))?.state).toBe('active')
})

test('a claim while the former one is being released waits for it and gets a new container with the files', async () => {
  using world = await createWorld({ warm: 2, workload: { volumes: { state: { containerPath: '/data' } } } })
  const first = await world.claim('alice')
  world.runtime.control.behaviour.stopDelayMs = 30
  const releasing = world.release('alice')
  await world.until(async () => (await world.live('alice'))?.state === 'releasing')
  const second = await world.claim('alice')
  expect((await releasing).state).toBe('released')
  expect(second.answer.claimId).not.toBe(first.answer.claimId)
})

test('a postClaim hook that fails ends a new claim; with onError continue it goes on', async () => {
  for (const [onError, code] of [
    ['fail', 'claim.hook_failed'],
    ['continue', 'ok'],
  ] as const) {
    using world = await createWorld({ warm: 1, workload: { hooks: { postClaim: { command: ['x'], onError } } } })
    world.runtime.control.behaviour.onExec = () => execResult(1)
    expect(await codeOf(world.claim('alice'))).toBe(code)
    expect((await world.live('alice'))?.state).toBe(code === 'ok' ? 'active' : undefined)
  }
})

test('a hook that hangs ends after its own time-out', async () => {
  using world = await createWorld({ warm: 1, workload: { hooks: { postClaim: { command: ['x'], timeoutMs: 20 } } } })
  world.runtime.control.behaviour.onExec = () => new Promise(() => {})
  await expect(world.claim('alice')).rejects.toThrow('did not end within 20 ms')
})
