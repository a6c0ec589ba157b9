import { afterAll, beforeAll, expect, test } from 'bun:test'

import { createInstallation, type Installation } from './installation.ts'
import { listen, type Told } from './told.ts'
import { within } from './within.ts'
import { claim, notesWorkload, register, release, run, shellWorkload } from './workloads.ts'

let house: Installation
let told: Told

const resources = (diskMb: number) => ({ cpus: 1, memoryMb: 256, pids: 64, diskMb })
const greedy = (diskMb: number) =>
  notesWorkload({
    id: 'greedy',
    resources: resources(diskMb),
    hooks: { preRelease: { command: ['/bin/sh', '-c', 'echo flushed > /data/hook'], timeoutMs: 5_000 } },
  })

beforeAll(async () => {
  house = await createInstallation()
  await house.start()
  await register(house, greedy(8), { id: 'greedy', workloadId: 'greedy', minSize: 2, maxSize: 6 })
  told = await listen(house)
}, 120_000)

afterAll(async () => {
  await told[Symbol.asyncDispose]()
  await house.dispose()
}, 120_000)

const exceeded = (containerId: string) =>
  told.events.filter((event) => event.type === 'container.disk_exceeded' && event.containerId === containerId)
const container = async (containerId: string) => (await house.api('GET', `/api/v1/containers/${containerId}`)).body
const conditions = async (): Promise<{ type: string; message: string }[]> =>
  (await house.api('GET', '/api/v1/pools/greedy')).body.status.conditions

/** Fills the state volume past its limit and waits until that is told. */
async function fill(tenantId: string): Promise<string> {
  const { containerId } = await claim(house, tenantId, 'greedy')
  await run(house, containerId, 'dd if=/dev/zero of=/data/big bs=1M count=12')
  await within(20_000, `${tenantId} is told that it holds too much`, () => exceeded(containerId)[0])
  return containerId
}

test('a container over its diskMb is paused within seconds, told once to its tenant, and shown in the container and its pool', async () => {
  const containerId = await fill('hoarder')
  expect(exceeded(containerId)[0]).toMatchObject({ tenantId: 'hoarder', poolId: 'greedy', data: { diskMb: 8 } })
  const { state, reason } = await container(containerId)
  expect([state, reason]).toEqual(['bound', expect.stringContaining('disk_exceeded')])
  await within(5_000, 'the pool says so', async () =>
    (await conditions()).some(({ type, message }) => type === 'DiskExceeded' && message.includes(containerId)),
  )
  const refused = await house.api('POST', `/api/v1/containers/${containerId}/exec`, { command: ['true'] })
  expect(refused.status).toBe(409)
  const again = await house.api('POST', '/api/v1/tenants/hoarder/claim', { poolId: 'greedy' })
  expect([again.status, again.body.code, again.body.remedy]).toEqual([
    409,
    'container.disk_exceeded',
    expect.stringContaining('Release it'),
  ])
  await Bun.sleep(6_000)
  expect(exceeded(containerId)).toHaveLength(1)
  expect(told.types()).not.toContain('container.lost')
}, 60_000)

test('a release of a paused container runs its hook and keeps its files: the next claim starts from them', async () => {
  await release(house, 'hoarder', 'greedy')
  const again = await claim(house, 'hoarder', 'greedy')
  expect(again.source).toEndWith('+data')
  expect(await run(house, again.containerId, 'cat /data/hook; rm /data/big; ls /data')).toBe('flushed\nhook\n')
  await within(5_000, 'the pool says so no longer', async () => (await conditions()).every(({ type }) => type !== 'DiskExceeded'))
  await release(house, 'hoarder', 'greedy')
}, 60_000)

test('a larger diskMb lets a paused container go on', async () => {
  const containerId = await fill('grower')
  const put = await house.api('PUT', '/api/v1/workloads/greedy', greedy(64))
  expect(put.status).toBe(200)
  await within(20_000, 'it runs again', async () => {
    const answer = await house.api('POST', `/api/v1/containers/${containerId}/exec`, { command: ['cat', '/etc/hostname'] })
    return answer.status === 200
  })
  expect((await container(containerId)).reason).toBeUndefined()
  await release(house, 'grower', 'greedy')
}, 60_000)

test('what a tenant writes into comm counts for its diskMb, and keeps no claim of another from being delivered', async () => {
  const volumes = { comm: { containerPath: '/comm' } }
  const workload = shellWorkload({ id: 'talkative', resources: resources(8), volumes })
  await register(house, workload, { id: 'talkative', workloadId: 'talkative', minSize: 2, maxSize: 3 })
  const { containerId } = await claim(house, 'chatterbox', 'talkative')
  await run(house, containerId, 'dd if=/dev/zero of=/comm/big bs=1M count=12')
  await within(20_000, 'it is told that it holds too much', () => exceeded(containerId)[0])
  const other = await claim(house, 'quiet', 'talkative', { secrets: { TOKEN: 's3cr3t' } })
  expect(await run(house, other.containerId, 'cat /boilerhouse/secrets/TOKEN; ls -A /comm')).toBe('s3cr3t')
  for (const tenantId of ['chatterbox', 'quiet']) await release(house, tenantId, 'talkative')
}, 60_000)

test('below BOILERHOUSE_MIN_FREE_MB nothing new starts: warm ones are still claimed, the next claim is 503 host.disk_full', async () => {
  await within(30_000, 'two are warm', async () => (await house.api('GET', '/api/v1/pools/greedy')).body.status.warm === 2)
  await house.interrupt()
  const full = await createInstallation({ beside: house, env: { BOILERHOUSE_MIN_FREE_MB: '900000000' } })
  await full.start()
  try {
    for (const tenantId of ['first', 'second']) expect((await claim(full, tenantId, 'greedy')).source).toStartWith('pool')
    const refused = await full.api('POST', '/api/v1/tenants/third/claim', { poolId: 'greedy' })
    expect([refused.status, refused.body.code]).toEqual([503, 'host.disk_full'])
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
    const { body } = await full.api('GET', '/api/v1/pools/greedy')
    expect(body.status.conditions.map(({ type }: { type: string }) => type)).toContain('HostDiskFull')
    for (const tenantId of ['first', 'second']) await release(full, tenantId, 'greedy')
  } finally {
    await full.interrupt()
    await house.start()
  }
}, 90_000)
