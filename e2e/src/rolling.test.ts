import { afterAll, beforeAll, expect, test } from 'bun:test'

import { engine, engineContainers } from './engine.ts'
import { createInstallation, type Installation } from './installation.ts'
import { listen, type Told } from './told.ts'
import { within } from './within.ts'
import { claim, poolFull, register, release, run, shellWorkload } from './workloads.ts'

let house: Installation
let told: Told

const size = 4
const withMessage = (message: string) =>
  shellWorkload({ environment: { MESSAGE: message }, volumes: { state: { containerPath: '/state' } } })

beforeAll(async () => {
  house = await createInstallation()
  await house.start()
  await register(house, withMessage('one'), { id: 'shell', workloadId: 'shell', minSize: size, maxSize: 12 })
  told = await listen(house)
}, 120_000)

afterAll(async () => {
  await told[Symbol.asyncDispose]()
  await house.dispose()
}, 120_000)

interface Row {
  readonly id: string
  readonly state: string
}
const rows = async (query: string): Promise<readonly Row[]> => (await house.api('GET', `/api/v1/containers?${query}`)).body.items

test("a changed workload replaces its warm containers a few at a time; a tenant's stays until it is released", async () => {
  const alice = await claim(house, 'alice', 'shell')
  await poolFull(house, 'shell', size)
  const old = (await rows('pool=shell&state=warm')).map(({ id }) => id)
  expect((await house.api('PUT', '/api/v1/workloads/shell', withMessage('two'))).status).toBe(200)
  let least = size
  await within(60_000, 'every warm container is of the new workload', async () => {
    const warm = (await rows('pool=shell&state=warm')).map(({ id }) => id)
    least = Math.min(least, warm.length)
    return warm.length === size && !warm.some((id) => old.includes(id))
  })
  expect(least).toBeGreaterThanOrEqual(1)

  expect(await claim(house, 'alice', 'shell')).toMatchObject({ containerId: alice.containerId, source: 'existing' })
  expect(await run(house, alice.containerId, 'echo $MESSAGE')).toBe('one\n')
  const bob = await claim(house, 'bob', 'shell')
  expect(await run(house, bob.containerId, 'echo $MESSAGE')).toBe('two\n')
  await release(house, 'alice', 'shell')
  const again = await claim(house, 'alice', 'shell')
  expect(await run(house, again.containerId, 'echo $MESSAGE')).toBe('two\n')
  await release(house, 'alice', 'shell')
  await release(house, 'bob', 'shell')
}, 120_000)

test('scale moves the warm ones to the new size, tells from and to, and is refused above maxSize', async () => {
  const scale = (to: number) => house.api('POST', '/api/v1/pools/shell/scale', { size: to })
  expect((await scale(6)).status).toBe(200)
  await poolFull(house, 'shell', 6)
  expect((await told.first(5_000, 'pool.scaled', ({ type }) => type === 'pool.scaled')).data).toMatchObject({ from: size, to: 6 })
  const refused = await scale(13)
  expect([refused.status, refused.body.errors[0].pointer]).toEqual([422, '/size'])
  expect((await house.cli('pool', 'scale', 'shell', '2')).exitCode).toBe(0)
  const { body } = await house.api('GET', '/api/v1/pools/shell')
  expect(body.minSize).toBe(2)
  // What is above minSize goes once it has been idle for idleTimeoutMs.
  const { id, workloadId, maxSize } = body
  expect(
    (await house.api('PUT', '/api/v1/pools/shell', { id, workloadId, maxSize, minSize: 2, idleTimeoutMs: 500 })).status,
  ).toBe(200)
  await poolFull(house, 'shell', 2)
}, 90_000)

test('a workload whose image was built anew under its tag, the old one removed, is looked up again, and its pool fills', async () => {
  const tag = `boilerhouse-e2e-${await house.id()}`
  const commit = async (container: string) =>
    engine('POST', `/commit?container=${container}&repo=${tag}&tag=latest&pause=0&comment=${crypto.randomUUID()}`, {})
  const [some] = await rows('pool=shell&state=warm')
  const container = `bh-${await house.id()}-${some?.id}`
  const first = await commit(container)
  await register(house, shellWorkload({ id: 'tagged', image: `${tag}:latest` }), {
    id: 'tagged',
    workloadId: 'tagged',
    minSize: 0,
    maxSize: 4,
  })
  await within(
    10_000,
    'it is ready',
    async () => (await house.api('GET', '/api/v1/workloads/tagged')).body.status.state === 'ready',
  )
  const second = await commit(container)
  await engine('DELETE', `/images/${first.Id}?force=1`)
  try {
    expect((await house.api('POST', '/api/v1/pools/tagged/scale', { size: 1 })).status).toBe(200)
    await poolFull(house, 'tagged', 1)
    expect((await house.api('GET', '/api/v1/workloads/tagged')).body.status.imageId).toBe(second.Id)
  } finally {
    expect((await house.api('DELETE', '/api/v1/pools/tagged')).status).toBe(202)
    await within(30_000, 'the pool is gone', async () => (await house.api('GET', '/api/v1/pools/tagged')).status === 404)
    await engine('DELETE', `/images/${tag}:latest?force=1`)
  }
}, 90_000)

test('a deleted pool drains: its tenants are released properly, their files are kept, and nothing of it is left', async () => {
  const { containerId } = await claim(house, 'carol', 'shell')
  await run(house, containerId, 'echo kept >/state/file')
  expect((await house.api('DELETE', '/api/v1/workloads/shell')).status).toBe(409)
  const answer = await house.api('DELETE', '/api/v1/pools/shell')
  expect([answer.status, answer.body.status.phase]).toEqual([202, 'draining'])
  await told.first(
    30_000,
    'carol is released',
    ({ type, containerId: id }) => type === 'container.released' && id === containerId,
  )
  await within(60_000, 'the pool is gone', async () => (await house.api('GET', '/api/v1/pools/shell')).status === 404)
  expect(await engineContainers(await house.id())).toEqual([])

  expect((await house.api('POST', '/api/v1/pools', { id: 'other', workloadId: 'shell', minSize: 1, maxSize: 2 })).status).toBe(
    201,
  )
  const again = await claim(house, 'carol', 'other')
  expect(again.source).toEndWith('+data')
  expect(await run(house, again.containerId, 'cat /state/file')).toBe('kept\n')
  await release(house, 'carol', 'other')
}, 120_000)
