import { afterAll, beforeAll, expect, test } from 'bun:test'
import { join } from 'node:path'

import { repository } from './checkout.ts'
import { createInstallation, type Installation } from './installation.ts'
import { runProgram } from './run-program.ts'
import { createSecondEngine, type SecondEngine } from './second-engine.ts'
import { listen, type Told } from './told.ts'
import { within } from './within.ts'
import { claim, notesWorkload, poolFull, register } from './workloads.ts'

interface World {
  readonly engine: SecondEngine
  readonly house: Installation
  readonly told: Told
}

/** A house on an engine of its own: what happens to that engine happens to nobody else on this machine. */
async function createWorld(): Promise<World> {
  const engine = await createSecondEngine()
  try {
    await engine.start({ liveRestore: true })
    const env = { PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? '/', DOCKER_HOST: engine.host }
    const built = await runProgram([process.execPath, join(repository, 'scripts/src/example-images.ts')], { cwd: '/', env })
    if (built.exitCode !== 0) throw new Error(`the images were not built: ${built.stderr}`)
    const house = await createInstallation({ env: { DOCKER_HOST: engine.host } })
    await house.start()
    const told = await listen(house)
    await register(house, notesWorkload(), { id: 'notes', workloadId: 'notes', minSize: 3, maxSize: 12 })
    return { engine, house, told }
  } catch (error) {
    await engine.dispose()
    throw error
  }
}

async function endWorld({ engine, house, told }: World): Promise<void> {
  try {
    await engine.start()
    await told[Symbol.asyncDispose]()
    await house.dispose()
  } finally {
    await engine.dispose()
  }
}

/** What nobody may be told of while an engine is away, or of a container that outlived it. */
const alarms = ['container.unhealthy', 'container.lost', 'container.failed', 'claim.recovering', 'claim.failed']

async function timedClaim(house: Installation, tenantId: string) {
  const startMs = performance.now()
  const claimed = await claim(house, tenantId, 'notes')
  return { ...claimed, tookMs: performance.now() - startMs }
}

/** Through the proxy, which goes to the container's own address: a published port of a killed engine is dead until the next start. */
async function note(house: Installation, tenantId: string, init: RequestInit = {}): Promise<Response> {
  const headers = { authorization: `Bearer ${await house.adminKey()}` }
  return fetch(`${house.proxyUrl}/t/${tenantId}/notes/http/notes/plan`, { ...init, headers })
}

const standing = async (house: Installation, tenantId: string): Promise<{ state?: string; containerId?: string }> =>
  (await house.api('GET', `/api/v1/tenants/${tenantId}/status`)).body

const isHealthy = async (house: Installation) => (await house.cli('doctor')).exitCode === 0

let world: World
beforeAll(async () => {
  world = await createWorld()
}, 90_000)
afterAll(() => endWorld(world), 60_000)

const recovered = (house: Installation, tenantId: string, former: string | undefined) =>
  within(30_000, `${tenantId} is active in another container`, async () => {
    const { state, containerId } = await standing(house, tenantId)
    return state === 'active' && containerId !== former
  })

test('while an engine hangs warm claims go on, its loss is told, and nobody is called unhealthy or lost', async () => {
  const { engine, house, told } = world
  const first = await timedClaim(house, 'first')
  expect((await note(house, 'first', { method: 'PUT', body: 'hers' })).ok).toBe(true)
  await poolFull(house, 'notes', 3)
  engine.freeze()
  try {
    const second = await timedClaim(house, 'second')
    expect(second).toMatchObject({ source: 'pool', state: 'active' })
    expect(second.tookMs).toBeLessThan(1_000)
    await told.first(20_000, 'the engine is told gone', ({ type }) => type === 'runtime.disconnected')
    const third = await timedClaim(house, 'third')
    expect(third).toMatchObject({ source: 'pool', state: 'active' })
    expect(third.tookMs).toBeLessThan(1_000)
    expect(await (await note(house, 'first')).text()).toBe('hers')
    expect(await (await fetch(`${house.url}/health`)).json()).toMatchObject({ status: 'degraded' })
  } finally {
    engine.thaw()
  }
  const isBack = ({ type }: { readonly type: string }) => type === 'runtime.connected'
  await within(
    20_000,
    'the engine is told back',
    () =>
      told.types().lastIndexOf('runtime.connected') > told.types().indexOf('runtime.disconnected') && told.events.find(isBack),
  )
  await poolFull(house, 'notes', 3)
  expect(await standing(house, 'first')).toMatchObject({ state: 'active', containerId: first.containerId })
  for (const type of alarms) expect(told.types()).not.toContain(type)
}, 60_000)

test('an engine with live-restore that is killed and started again gives every container back to whom it belongs', async () => {
  const { engine, house, told } = world
  const before = await standing(house, 'first')
  await engine.end('SIGKILL')
  const orphan = await timedClaim(house, 'orphan')
  expect(orphan).toMatchObject({ source: 'pool', state: 'active' })
  expect((await note(house, 'orphan', { method: 'PUT', body: 'written without an engine' })).ok).toBe(true)
  await engine.start()
  await poolFull(house, 'notes', 3)
  expect(await standing(house, 'first')).toMatchObject({ state: 'active', containerId: before.containerId })
  expect(await standing(house, 'orphan')).toMatchObject({ state: 'active', containerId: orphan.containerId })
  expect(await (await note(house, 'orphan')).text()).toBe('written without an engine')
  for (const type of alarms) expect(told.types()).not.toContain(type)
  await within(15_000, 'the doctor finds nothing', () => isHealthy(house))
}, 60_000)

test('live-restore is turned off: the engine ends every container as it starts, and each tenant is active in another one, with its files', async () => {
  const { engine, house } = world
  const before = await standing(house, 'first')
  await engine.end('SIGTERM')
  expect(await (await note(house, 'first')).text()).toBe('hers')
  await engine.start({ liveRestore: false })
  await recovered(house, 'first', before.containerId)
  expect(await (await note(house, 'first')).text()).toBe('hers')
  await poolFull(house, 'notes', 3)
  expect(await (await fetch(`${house.url}/health`)).text()).toContain('live-restore')
}, 60_000)

test('without live-restore a stopped engine takes every container along: whoever claims meanwhile waits, and each tenant is recovered', async () => {
  const { engine, house, told } = world
  const before = await standing(house, 'first')
  await engine.end('SIGTERM')
  await told.first(20_000, 'the engine is told gone', ({ type }) => type === 'runtime.disconnected')
  const since = told.events.length
  await within(5_000, 'no workload is blamed for the end of its engine', async () => {
    const { body } = await house.api('GET', '/api/v1/pools/notes')
    return body.status.phase !== 'degraded'
  })
  // Its containers ended before it did: whoever asks now waits for the next one.
  const bob = claim(house, 'bob', 'notes')
  await Bun.sleep(2_000)
  for (const type of alarms) expect(told.types().slice(since)).not.toContain(type)
  await engine.start()
  expect(await bob).toMatchObject({ state: 'active' })
  await recovered(house, 'first', before.containerId)
  expect(await (await note(house, 'first')).text()).toBe('hers')
  expect((await note(house, 'bob', { method: 'PUT', body: 'his' })).ok).toBe(true)
  await poolFull(house, 'notes', 3)
  await within(15_000, 'the doctor finds nothing', () => isHealthy(house))
}, 60_000)
