import { describe, expect, test } from 'bun:test'

import { isFault, type PoolId } from '@boilerhouse/base'

import { idOf, writeState } from '../world-actions.ts'
import { filledWorlds, openWorlds } from './open-world.ts'

const openWorld = openWorlds()
const demo = 'demo' as PoolId
const filled = filledWorlds(openWorld)

describe('refill', () => {
  test('a pool fills itself, and tells its phase once', async () => {
    const world = await filled({ minSize: 5 })
    expect(await world.counts()).toEqual({ warm: 5 })
    expect((await world.poolRow())?.status).toEqual({ phase: 'ready', conditions: [] })
    await world.advance(120_000)
    expect(await world.events(['pool.phase'])).toHaveLength(1)
    expect(await world.events(['container.created'])).toHaveLength(5)
  })
  test('refill on a 10 s tick, a burst drains it: a burst is refilled by its own events, before any tick', async () => {
    const world = await filled({ minSize: 8, maxSize: 20 })
    await world.advance(3_000)
    await Promise.all(Array.from({ length: 8 }, (_, i) => world.claim(`t${i}`)))
    await world.settle()
    expect(await world.counts()).toEqual({ bound: 8, warm: 8 })
    expect(world.clock.monotonicMs()).toBe(3_000)
  })
  test('the engine is never asked to start more than maxFillConcurrency at once', async () => {
    const world = await openWorld()
    world.engine.behaviour.startDelayMs = 100
    await world.workload()
    await world.pool({ minSize: 10, maxFillConcurrency: 3 })
    await world.settle()
    expect(await world.counts()).toEqual({ starting: 3 })
    await world.advance(150)
    expect(await world.counts()).toEqual({ starting: 3, warm: 3 })
    await world.advance(500)
    expect(await world.counts()).toEqual({ warm: 10 })
  })
  test('several pools over one workload never share, and each has its own network', async () => {
    const world = await openWorld()
    await world.workload()
    for (const id of ['a', 'b', 'c']) await world.pool({ minSize: 2 }, id)
    await world.settle()
    for (const id of ['a', 'b', 'c']) expect(await world.counts(id)).toEqual({ warm: 2 })
    expect(new Set((await world.store.networks.all()).values()).size).toBe(3)
    await world.claim('alice', { poolId: 'b' })
    await world.settle()
    expect(await world.counts('a')).toEqual({ warm: 2 })
    expect(await world.counts('b')).toEqual({ warm: 2, bound: 1 })
  })
  test('a pool with a raised minSize grows at once', async () => {
    const world = await filled({ minSize: 1 })
    await world.updatePool({ minSize: 4 })
    await world.settle()
    expect(await world.counts()).toEqual({ warm: 4 })
  })
  test('maxContainers of the host holds for all pools together, and the pool says so', async () => {
    const world = await openWorld({ settings: { maxContainers: 3 } })
    await world.workload()
    await world.pool({ minSize: 2 }, 'a')
    await world.settle()
    await world.pool({ minSize: 5 }, 'b')
    await world.advance(30_000)
    expect(await world.counts('b')).toEqual({ warm: 1 })
    expect((await world.poolRow('b'))?.status.conditions.map((c) => c.type)).toEqual(['MaxContainers'])
    expect((await world.events(['pool.warning'])).map((e) => e.data['condition'])).toEqual(['MaxContainers'])
  })
  test('below minFreeMb nothing starts, and the pool fills once there is room', async () => {
    const world = await openWorld({ settings: { minFreeMb: 500 } })
    world.control.setFreeMb(499)
    await world.workload()
    await world.pool()
    await world.advance(60_000)
    expect(await world.counts()).toEqual({})
    expect((await world.poolRow())?.status.conditions.map((c) => c.type)).toEqual(['HostDiskFull'])
    expect(await world.events(['pool.warning'])).toHaveLength(1)
    world.control.setFreeMb(5_000)
    await world.advance(11_000)
    expect(await world.counts()).toEqual({ warm: 3 })
  })
})

describe('a claim on a host whose disk is full', () => {
  test('is host.disk_full, whether the pool has noticed or not, and is served once there is room', async () => {
    const world = await openWorld({ settings: { minFreeMb: 500 } })
    await world.workload()
    await world.pool({ minSize: 0 })
    await world.settle()
    world.control.setFreeMb(499)
    await world.advance(6_000)
    const code = async () => {
      const error: unknown = await world.until(world.claim('alice').catch((thrown: unknown) => thrown))
      return isFault(error) ? error.code : 'ok'
    }
    expect(await code()).toBe('host.disk_full')
    await world.advance(12_000)
    expect((await world.poolRow())?.status.conditions.map(({ type }) => type)).toEqual(['HostDiskFull'])
    const before = (await world.events(['container.created'])).length
    expect(await code()).toBe('host.disk_full')
    expect((await world.events(['container.created'])).length).toBe(before)
    world.control.setFreeMb(5_000)
    await world.advance(11_000)
    expect(await code()).toBe('ok')
  })
})

describe('shrink', () => {
  test('pools that never shrink: warm ones above minSize go after idleTimeoutMs, not before', async () => {
    const world = await filled({ minSize: 5, idleTimeoutMs: 60_000 })
    await world.updatePool({ minSize: 2 })
    await world.advance(59_000)
    expect(await world.counts()).toEqual({ warm: 5 })
    await world.advance(2_000)
    expect(await world.counts()).toEqual({ warm: 2 })
    expect(world.control.leftovers()).toHaveLength(2)
  })
  test('the timer of a surplus survives a crash of the server', async () => {
    const world = await filled({ minSize: 4, idleTimeoutMs: 60_000 })
    await world.updatePool({ minSize: 1 })
    await world.advance(50_000)
    world.crash()
    await world.restart()
    await world.advance(10_000)
    expect(await world.counts()).toEqual({ warm: 1 })
  })
})

describe('rolling', () => {
  test('pools that never roll when the workload changes: warm ones are replaced, never fewer than minSize - 1, bound ones stay', async () => {
    const world = await filled({ minSize: 3, maxSize: 6 })
    await world.claim('alice')
    await world.settle()
    world.engine.behaviour.startDelayMs = 50
    world.control.setImage('echo:2')
    await world.workload({ image: 'echo:2' })
    let least = 3
    for (let i = 0; i < 400; i++) {
      await world.advance(5)
      least = Math.min(least, (await world.counts()).warm ?? 0)
    }
    expect(least).toBeGreaterThanOrEqual(2)
    expect(await world.counts()).toEqual({ warm: 3, bound: 1 })
    const generations = (await world.containers()).map((c) => [c.state, c.workloadGeneration] as const)
    expect(generations.filter(([state]) => state === 'warm').every(([, generation]) => generation === 2)).toBe(true)
    expect(generations.find(([state]) => state === 'bound')?.[1]).toBe(1)
  })
  test('a pool at maxSize rolls too, one at a time', async () => {
    const world = await filled({ minSize: 3, maxSize: 3 })
    world.engine.behaviour.startDelayMs = 50
    await world.workload({ command: ['new'] })
    let least = 3
    for (let i = 0; i < 400; i++) {
      await world.advance(5)
      least = Math.min(least, (await world.counts()).warm ?? 0)
    }
    expect(least).toBe(2)
    expect((await world.containers()).map((c) => c.workloadGeneration)).toEqual([2, 2, 2])
  })
  test('a new workload that cannot start leaves the old containers in their place', async () => {
    const world = await filled({ minSize: 3 })
    world.engine.behaviour.onStarted = (process) => process.exit(1)
    await world.workload({ command: ['broken'] })
    await world.advance(60_000)
    const warm = await world.containers('demo', ['warm'])
    expect(warm.filter((c) => c.workloadGeneration === 1).length).toBeGreaterThanOrEqual(2)
    expect((await world.poolRow())?.status.phase).toBe('degraded')
  })
  test('a workload whose image is gone leaves the old containers in their place', async () => {
    const world = await filled({ minSize: 3 })
    await world.workload({ image: 'nowhere:1' })
    await world.advance(60_000)
    expect(await world.counts()).toEqual({ warm: 3 })
    expect((await world.poolRow())?.status.conditions[0]).toMatchObject({
      type: 'WorkloadNotReady',
      reason: 'runtime.image_not_found',
    })
  })
  test('another dns of the pool replaces its warm containers', async () => {
    const world = await filled({ minSize: 2 })
    await world.advance(10)
    await world.updatePool({ network: { dns: ['9.9.9.9'] } })
    await world.advance(5_000)
    const specs = (await world.containers()).map((c) => world.control.container(c.id)?.spec.dns)
    expect(specs).toEqual([['9.9.9.9'], ['9.9.9.9']])
  })
})

describe("a pool's settings", () => {
  test('a dns that was changed while no server ran replaces warm containers after the next start', async () => {
    const world = await filled({ minSize: 2 })
    world.crash()
    await world.updatePool({ network: { dns: ['9.9.9.9'] } })
    await world.restart()
    await world.advance(5_000)
    const specs = (await world.containers()).map((c) => world.control.container(c.id)?.spec.dns)
    expect(specs).toEqual([['9.9.9.9'], ['9.9.9.9']])
  })
  test('a pool that outgrows its subnet gets a larger one: warm ones roll into it, bound ones stay', async () => {
    const world = await filled({ minSize: 2 })
    const bound = idOf(await world.claim('alice'))
    await world.advance(100)
    const [installation] = world.engine.installations.values()
    const networkSize = () => installation?.networks.get(demo)?.maxSize
    expect(networkSize()).toBe(60)
    await world.updatePool({ maxSize: 200 })
    await world.advance(10_000)
    expect(networkSize()).toBe(240)
    expect(await world.counts()).toEqual({ warm: 2, bound: 1 })
    for (const { id, state, startedWith } of await world.containers()) {
      expect([state, startedWith?.networkSize]).toEqual(id === bound ? ['bound', 60] : ['warm', 240])
      expect(world.control.container(id)?.spec.networkSize).toBe(id === bound ? 60 : 240)
    }
    await world.updatePool({ maxSize: 5 })
    const before = (await world.events(['container.created'])).length
    await world.advance(10_000)
    expect((await world.events(['container.created'])).length).toBe(before)
  })
  test('the network that a pool has outgrown is looked at once more when the last tenant in it has gone, though nothing starts', async () => {
    const world = await filled({ minSize: 0, maxSize: 10 })
    const claims = await Promise.all(['alice', 'bob'].map((tenant) => world.until(world.claim(tenant))))
    expect(claims.map(({ source }) => source)).toEqual(['cold', 'cold'])
    await world.advance(30_000)
    expect(world.control.calls('ensureNetwork')).toBe(1)
    await world.updatePool({ maxSize: 200 })
    await world.advance(60_000)
    await world.until(world.release('alice'))
    await world.advance(60_000)
    expect(world.control.calls('ensureNetwork')).toBe(1)
    await world.until(world.release('bob'))
    await world.advance(21_000)
    expect(await world.counts()).toEqual({})
    expect(world.control.calls('ensureNetwork')).toBe(2)
    await world.advance(600_000)
    expect(world.control.calls('ensureNetwork')).toBe(2)
  })
})

describe('the circuit', () => {
  const healthless = { healthCheck: undefined } as never
  test('a broken image made the pool create for ever: tries become rare, and the reason is shown', async () => {
    const world = await openWorld()
    world.engine.behaviour.onStarted = (process) => {
      process.log('stderr', 'exec: /app: not found')
      process.exit(127)
    }
    await world.workload()
    await world.pool({ minSize: 3 })
    await world.advance(600_000)
    const created = (await world.events(['container.created'])).length
    expect(created).toBeLessThan(30)
    const { status } = (await world.poolRow()) ?? {}
    expect(status?.phase).toBe('degraded')
    expect(status?.conditions[0]?.message).toContain('exec: /app: not found')
    expect(await world.events(['pool.phase'])).toHaveLength(1)
    expect(world.control.leftovers()).toHaveLength(0)
  })
  test('without a health check too, where each container is warm for a moment', async () => {
    const world = await openWorld()
    await world.workload(healthless)
    world.engine.behaviour.onStarted = (process) => void world.clock.sleep(300).then(() => process.exit(1))
    await world.pool({ minSize: 3 })
    await world.advance(600_000)
    expect((await world.events(['container.created'])).length).toBeLessThan(40)
    expect((await world.poolRow())?.status.phase).toBe('degraded')
  })
  test('error states that flip: a flapping workload is told as degraded once', async () => {
    const world = await openWorld()
    await world.workload(healthless)
    world.engine.behaviour.onStarted = (process) => void world.clock.sleep(1_000).then(() => process.exit(1))
    await world.pool({ minSize: 1 })
    await world.advance(900_000)
    const phases = (await world.events(['pool.phase'])).map((event) => event.data['to'])
    expect(phases.filter((phase) => phase === 'degraded')).toHaveLength(1)
    expect(phases.length).toBeLessThanOrEqual(4)
  })
  test('it closes once a container proves that the workload starts, and other pools never noticed', async () => {
    const world = await openWorld()
    world.engine.behaviour.onStarted = ({ spec, exit }) => spec.poolId === demo && exit(1)
    await world.workload()
    await world.pool({ minSize: 3 })
    await world.pool({ minSize: 3 }, 'other')
    await world.advance(60_000)
    expect((await world.poolRow())?.status.phase).toBe('degraded')
    expect(await world.counts('other')).toEqual({ warm: 3 })
    expect((await world.poolRow('other'))?.status.phase).toBe('ready')
    world.engine.behaviour.onStarted = () => {}
    await world.advance(75_000)
    expect(await world.counts()).toEqual({ warm: 3 })
    expect((await world.poolRow())?.status).toEqual({ phase: 'ready', conditions: [] })
  })
  test('a corrected workload is tried at once', async () => {
    const world = await openWorld()
    world.engine.behaviour.onStarted = ({ spec, exit }) => spec.workloadGeneration === 1 && exit(1)
    await world.workload()
    await world.pool({ minSize: 2 })
    await world.advance(300_000)
    await world.workload({ command: ['right'] })
    await world.advance(100)
    expect(await world.counts()).toEqual({ warm: 2 })
  })
  test('it stays open over a crash of the server: no fresh burst of tries', async () => {
    const world = await openWorld()
    world.engine.behaviour.onStarted = ({ exit }) => exit(1)
    await world.workload()
    await world.pool({ minSize: 3 })
    await world.advance(120_000)
    const before = (await world.events(['container.created'])).length
    for (let i = 0; i < 5; i++) {
      world.crash()
      await world.restart()
    }
    expect((await world.events(['container.created'])).length - before).toBeLessThanOrEqual(10)
    expect(await world.events(['pool.phase'])).toHaveLength(1)
  })
  test('a network that cannot be made is told, and the pool fills once it can', async () => {
    const world = await openWorld()
    const { Fault } = await import('@boilerhouse/base')
    world.control.failNext('ensureNetwork', () => new Fault('runtime.firewall_failed', 'iptables is missing'), 3)
    await world.workload()
    await world.pool()
    await world.advance(2_000)
    expect((await world.poolRow())?.status.conditions[0]).toMatchObject({
      type: 'NetworkFailed',
      reason: 'runtime.firewall_failed',
    })
    expect(await world.events(['container.failed'])).toHaveLength(0)
    await world.advance(60_000)
    expect(await world.counts()).toEqual({ warm: 3 })
  })
})

describe('deleting a pool', () => {
  test('killed tenants containers unsaved: bound ones are released properly, and their files are kept', async () => {
    const world = await filled({ minSize: 2 })
    writeState(world, idOf(await world.claim('alice')), 'notes.txt', 'mine')
    await world.claim('bob')
    await world.settle()
    await world.deletePool()
    await world.advance(30_000)
    expect(world.control.kept({ tenantId: 'alice' as never, workloadId: 'echo' as never })).toEqual(['notes.txt'])
    expect(await world.poolRow()).toBeUndefined()
    expect(world.control.leftovers()).toEqual([])
    expect(await world.store.networks.all()).toEqual(new Map())
    const types = (await world.events()).map((event) => event.type)
    expect(types.filter((type) => type === 'container.released')).toHaveLength(2)
    expect(types.at(-1)).toBe('pool.deleted')
  })
  for (const canKeep of [true, false])
    test(`a quarantined container does not hold up its pool's end: its files are ${canKeep ? 'kept first' : 'tried to be kept'}`, async () => {
      const world = await filled({ minSize: 1 })
      const id = idOf(await world.claim('alice'))
      writeState(world, id, 'notes.txt', 'mine')
      world.engine.behaviour.onMove = () => {
        throw new Error('disk on fire')
      }
      await world.until(world.release('alice').catch(() => undefined))
      await world.until(world.release('alice', { force: true }))
      expect((await world.store.containers.get(id))?.state).toBe('quarantined')
      if (canKeep) world.engine.behaviour.onMove = () => {}
      await world.deletePool()
      await world.advance(60_000)
      expect(await world.poolRow()).toBeUndefined()
      expect(world.control.leftovers()).toEqual([])
      const kept = world.control.kept({ tenantId: 'alice' as never, workloadId: 'echo' as never })
      expect(kept).toEqual(canKeep ? ['notes.txt'] : [])
    })
  test('an empty pool goes at once', async () => {
    const world = await filled({ minSize: 0 })
    await world.deletePool()
    await world.settle()
    expect(await world.poolRow()).toBeUndefined()
  })
})
