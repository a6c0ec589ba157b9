import { describe, expect, test } from 'bun:test'

import { Fault, type ContainerId } from '@boilerhouse/base'

import { demoWorkload } from '../specs.ts'
import type { World } from '../world.ts'
import { idOf, writeState } from '../world-actions.ts'
import { filledWorlds, openWorlds } from './open-world.ts'

const openWorld = openWorlds()
const filled = filledWorlds(openWorld)
async function first(world: World): Promise<ContainerId> {
  const [container] = await world.containers('demo', ['warm'])
  if (!container) throw new Error('No container is warm')
  return container.id
}
const row = (world: World, id: ContainerId) => world.store.containers.get(id)

describe('start', () => {
  test('a container is warm only once its probe passed, and its address is stored', async () => {
    const world = await openWorld()
    let healthy = false
    world.engine.behaviour.onProbe = () => (healthy ? 'pass' : 'fail')
    await world.workload()
    await world.pool({ minSize: 1 })
    await world.advance(2_000)
    expect(await world.counts()).toEqual({ starting: 1 })
    healthy = true
    await world.advance(260)
    const container = await row(world, await first(world))
    expect(container?.health.status).toBe('passing')
    expect(container?.address?.ip).toMatch(/^\d+\./)
  })
  test('probes of a starting container are tight at first and never a storm', async () => {
    const world = await openWorld()
    world.engine.behaviour.onProbe = () => 'fail'
    await world.workload()
    await world.pool({ minSize: 1, startDeadlineMs: 30_000 })
    await world.advance(50)
    expect(world.control.calls('probe')).toBeGreaterThanOrEqual(3)
    await world.advance(10_000)
    expect(world.control.calls('probe')).toBeLessThan(60)
  })
  test('a container that is not warm within startDeadlineMs fails, with what its probe said', async () => {
    const world = await openWorld()
    world.engine.behaviour.onProbe = () => 'fail'
    await world.workload()
    await world.pool({ minSize: 1, startDeadlineMs: 5_000 })
    await world.advance(5_500)
    const [failed] = await world.events(['container.failed'])
    expect(failed?.data['reason']).toContain('refused')
  })
  test('an engine that hangs in a start does not hang the pool', async () => {
    const world = await openWorld()
    world.engine.behaviour.startDelayMs = 1_000_000
    await world.workload()
    await world.pool({ minSize: 1, startDeadlineMs: 5_000 })
    await world.advance(6_000)
    expect(await world.events(['container.failed'])).toHaveLength(1)
    world.engine.behaviour.startDelayMs = 0
    await world.advance(60_000)
    expect(await world.counts()).toEqual({ warm: 1 })
  })
  test('a container that ends while it starts fails with its exit code and its last lines', async () => {
    const world = await openWorld()
    world.engine.behaviour.onStarted = ({ log, exit }) => {
      log('stderr', 'no such file: /etc/app.json')
      exit(3)
    }
    await world.workload()
    await world.pool({ minSize: 1 })
    await world.advance(10)
    const [failed] = await world.events(['container.failed'])
    expect(failed?.data['reason']).toBe('its process ended with code 3; it wrote: no such file: /etc/app.json')
  })
  test('a parked container is warm as soon as it runs, and is not probed before its claim', async () => {
    const world = await filled({ minSize: 2 }, { warmth: 'parked' })
    await world.advance(120_000)
    expect(await world.counts()).toEqual({ warm: 2 })
    expect(world.control.calls('probe')).toBe(0)
  })
  test('warm containers cost the engine nothing but their probes and the slow list', async () => {
    const world = await filled({ minSize: 3 })
    const before = world.control.engineCalls()
    await world.advance(600_000)
    expect(world.control.engineCalls() - before).toBeLessThan(80)
  })
})

describe('health', () => {
  test('a "ready" member that served errors poisoned the pool: one failed probe takes it out at once', async () => {
    const world = await filled({ minSize: 2 })
    const id = await first(world)
    world.control.setProbe(id, 'fail')
    await world.advance(30_100)
    expect((await row(world, id))?.state).toBe('unhealthy')
    expect(await world.store.containers.warmIds('demo' as never, 10)).not.toContain(id)
    await world.advance(11_000)
    expect((await row(world, id))?.state).toBe('gone')
    expect(await world.counts()).toEqual({ warm: 2 })
  })
  test('one that passes again soon comes back, the second time it is replaced', async () => {
    const world = await filled({ minSize: 1, maxSize: 1 })
    const id = await first(world)
    world.control.setProbe(id, 'fail')
    await world.advance(30_100)
    world.control.setProbe(id, 'pass')
    await world.advance(1_000)
    expect((await row(world, id))?.state).toBe('warm')
    world.control.setProbe(id, 'fail')
    await world.advance(31_000)
    expect(['draining', 'gone']).toContain((await row(world, id))?.state ?? '')
    world.control.setProbe(id)
    await world.advance(5_000)
    expect(await world.counts()).toEqual({ warm: 1 })
  })
  test('a bound container is unhealthy only after `retries` failures in a row; it keeps its tenant, and recovers', async () => {
    const world = await filled()
    const id = idOf(await world.until(world.claim('alice')))
    world.control.setProbe(id, 'fail')
    await world.advance(65_000)
    expect((await row(world, id))?.health).toMatchObject({ status: 'passing', failures: 2 })
    await world.advance(30_000)
    expect(await row(world, id)).toMatchObject({ state: 'bound', health: { status: 'failing' } })
    expect(await world.events(['container.unhealthy'])).toHaveLength(1)
    await world.advance(120_000)
    expect(await world.events(['container.unhealthy'])).toHaveLength(1)
    world.control.setProbe(id, 'pass')
    await world.advance(30_000)
    expect((await row(world, id))?.health).toMatchObject({ status: 'passing', failures: 0 })
  })
  test('the history holds the newest 20 probes and is not written at each', async () => {
    const check = { ...demoWorkload.healthCheck, intervalMs: 100 }
    const world = await filled({ minSize: 1 }, { healthCheck: check as never })
    const before = (await row(world, await first(world)))?.revision ?? 0
    await world.advance(60_000)
    const container = await row(world, await first(world))
    expect(container?.health.history).toHaveLength(20)
    expect((container?.revision ?? 0) - before).toBeLessThanOrEqual(14)
  })
})

describe('what happens from outside', () => {
  test('pools that never replace a crashed member: a warm container that died is replaced at once', async () => {
    const world = await filled({ minSize: 2 })
    await world.advance(20_000)
    const id = await first(world)
    world.control.kill(id)
    await world.settle()
    expect((await row(world, id))?.state).toBe('gone')
    expect(await world.counts()).toEqual({ warm: 2 })
  })
  for (const [what, act] of Object.entries({
    'was removed': (world: World, id: ContainerId) => world.control.removeContainer(id),
    'was paused': (world: World, id: ContainerId) => {
      const container = world.control.container(id)
      if (container) container.phase = 'paused'
    },
    'lost its network': (world: World) => world.control.dropNetwork('demo' as never),
  }))
    test(`a warm container that ${what} is replaced`, async () => {
      const world = await filled({ minSize: 1 })
      await world.advance(20_000)
      const id = await first(world)
      act(world, id)
      await world.advance(41_000)
      expect((await row(world, id))?.state).toBe('gone')
      expect((await world.counts()).warm).toBe(1)
    })
  test('a container that died under its tenant is lost, and told at once', async () => {
    const world = await filled()
    const id = idOf(await world.until(world.claim('alice')))
    world.control.oom(id)
    await world.settle()
    const [lost] = await world.events(['container.lost'])
    expect(lost).toMatchObject({ containerId: id, tenantId: 'alice', data: { reason: expect.stringContaining('out of memory') } })
  })
  test('while the engine does not answer nobody is called unhealthy or lost', async () => {
    const world = await filled({ minSize: 3 })
    await world.until(world.claim('alice'))
    await world.advance(100)
    const before = (await world.events()).length
    world.control.disconnect()
    await world.advance(300_000)
    const types = (await world.events()).slice(before).map((event) => event.type)
    expect(types).toEqual(['runtime.disconnected'])
    expect(await world.counts()).toEqual({ warm: 3, bound: 1 })
    world.control.reconnect()
    await world.advance(1_000)
    expect(await world.counts()).toEqual({ warm: 3, bound: 1 })
  })
  test('what died while the engine did not answer is found when it does', async () => {
    const world = await filled({ minSize: 2 })
    const id = await first(world)
    world.control.disconnect()
    await world.advance(20_000)
    world.control.kill(id)
    await world.advance(20_000)
    expect((await row(world, id))?.state).toBe('warm')
    world.control.reconnect()
    await world.advance(100)
    expect((await row(world, id))?.state).toBe('gone')
    expect(await world.counts()).toEqual({ warm: 2 })
  })
  test('a bound container that is removed says who removed it from then on, and not how its process ended', async () => {
    const by = { actor: 'key:operator', correlationId: 'test', signal: new AbortController().signal }
    for (const force of [false, true]) {
      const world = await filled({ minSize: 2, reuse: 'restart' }, { stopTimeoutMs: 1_000 })
      const id = idOf(await world.until(world.claim('alice')))
      await world.until(world.claims.removeContainer(id, { force }, by))
      await world.advance(1_000)
      const reason = force ? 'removed by key:operator, with force: its files go too' : 'removed by key:operator'
      expect(await row(world, id)).toMatchObject({ state: 'gone', reason })
      const told = (await world.events()).filter((event) => event.containerId === id && event.data['reason'] !== undefined)
      expect(new Set(told.filter(({ type }) => type.startsWith('container.')).map((event) => event.data['reason']))).toEqual(
        new Set([reason]),
      )
      const claim = await world.store.claims.live('alice' as never, 'demo' as never)
      expect([claim?.state, claim?.losses]).toEqual(force ? [undefined, undefined] : ['active', []])
    }
  })
  test('a removal that the engine refuses for over a minute is told by its pool with the cause, and no more once it is done', async () => {
    const world = await filled({ minSize: 1 })
    const id = idOf(await world.until(world.claim('alice')))
    world.control.failNext('destroy', () => new Fault('runtime.engine_failed', 'unlinkat: device or resource busy'), 1_000)
    await world.until(world.release('alice'))
    const stuck = async () => (await world.poolRow())?.status.conditions.find(({ type }) => type === 'RemovalStuck')
    await world.advance(55_000)
    expect(await stuck()).toBeUndefined()
    await world.advance(15_000)
    const message = `${id}: runtime.engine_failed: unlinkat: device or resource busy; each is tried again every few seconds`
    expect(await stuck()).toMatchObject({ reason: 'runtime.engine_failed', message })
    expect((await row(world, id))?.reason).toStartWith('its claim ended; its removal fails: runtime.engine_failed')
    await world.advance(600_000)
    expect(await world.events(['pool.warning'])).toHaveLength(1)
    world.control.failNext('destroy', undefined, 0)
    await world.advance(15_000)
    expect([(await row(world, id))?.state, await stuck()]).toEqual(['gone', undefined])
  })
  test('a container that no row knows is removed', async () => {
    const world = await filled({ minSize: 1 })
    const known = world.control.container(await first(world))
    if (!known) throw new Error('There is no container')
    const installation = [...world.engine.installations.values()][0]
    const stranger = 'c-stranger' as ContainerId
    installation?.containers.set(stranger, { ...known, spec: { ...known.spec, containerId: stranger } })
    await world.advance(11_000)
    expect(world.control.leftovers()).toEqual([known.spec.containerId])
  })
  test('a container over its disk limit is paused once, and told', async () => {
    const world = await filled()
    const id = idOf(await world.until(world.claim('alice')))
    world.control.setStats(id, { diskBytes: 65 * 1_048_576 })
    await world.advance(60_000)
    expect(world.control.container(id)?.phase).toBe('paused')
    expect(await world.events(['container.disk_exceeded'])).toHaveLength(1)
    expect(await row(world, id)).toMatchObject({ state: 'bound' })
    expect(await world.events(['container.lost'])).toHaveLength(0)
  })
  test('a repeated claim on a container that is paused over its disk limit says so, and is served once it goes on', async () => {
    const world = await filled()
    const id = idOf(await world.until(world.claim('alice')))
    world.control.setStats(id, { diskBytes: 65 * 1_048_576 })
    await world.advance(20_000)
    const refused: unknown = await world.until(world.claim('alice', { config: { a: 1 } }).catch((fault: unknown) => fault))
    expect(refused).toMatchObject({ code: 'container.disk_exceeded', status: 409 })
    const [shown] = (await world.claims.tenant('alice' as never)).claims
    expect([shown?.revision, shown?.reason]).toEqual([1, expect.stringContaining('disk_exceeded: it holds 65 MB')])
    world.control.setStats(id, { diskBytes: 1_048_576 })
    await world.advance(20_000)
    expect(await world.until(world.claim('alice'))).toMatchObject({ source: 'existing', containerId: id })
    world.control.setStats(id, { diskBytes: 65 * 1_048_576 })
    await world.advance(20_000)
    // Let go on by hand: it runs, over its limit or not.
    const container = world.control.container(id)
    if (container) container.phase = 'running'
    await world.advance(20_000)
    expect(await world.until(world.claim('alice'))).toMatchObject({ source: 'existing', containerId: id })
  })
})

describe('reuse', () => {
  test('nothing of one tenant is there for the next: no state, no file it wrote, no secret, no config', async () => {
    const world = await filled({ minSize: 1, maxSize: 1, reuse: 'restart' })
    const id = idOf(await world.until(world.claim('alice', { config: { who: 'alice' }, secrets: { TOKEN: 's3cr3t' } })))
    writeState(world, id, 'notes.txt', 'mine')
    world.control.container(id)?.scratch.set('/tmp/left', new TextEncoder().encode('mine'))
    await world.until(world.release('alice'))
    await world.advance(100)
    expect((await row(world, id))?.state).toBe('warm')
    expect(world.control.delivered(id)).toBeUndefined()
    expect(idOf(await world.until(world.claim('bob')))).toBe(id)
    const [installation] = world.engine.installations.values()
    expect([...(installation?.volumes.get(id)?.keys() ?? [])]).toEqual([])
    expect(world.control.container(id)?.scratch.size).toBe(0)
    const delivery = world.control.delivered(id)
    expect([delivery?.tenantId, delivery?.config, delivery?.secrets.size]).toEqual(['bob' as never, {}, 0])
  })
  test('reuse: restart wipes the container and gives it back to its pool', async () => {
    const world = await filled({ minSize: 1, maxSize: 1, reuse: 'restart' })
    const id = idOf(await world.until(world.claim('alice')))
    const tenantsOwn = world.control.container(id)
    await world.until(world.release('alice'))
    await world.advance(100)
    const container = await row(world, id)
    expect(container?.state).toBe('warm')
    expect([container?.tenantId, container?.claimId]).toEqual([undefined, undefined])
    expect(world.control.container(id)).not.toBe(tenantsOwn as never)
    expect((await world.events(['container.resetting'])).length).toBe(1)
  })
  test('one that does not come back clean is quarantined, and gives way where its place is needed', async () => {
    const world = await filled({ minSize: 1, maxSize: 1, reuse: 'restart', startDeadlineMs: 2_000 })
    const id = idOf(await world.until(world.claim('alice')))
    world.control.setProbe(id, 'fail')
    await world.until(world.release('alice'))
    await world.advance(10_000)
    expect(await world.events(['container.quarantined'])).toHaveLength(1)
    expect((await row(world, id))?.state).toBe('gone')
    expect(await world.counts()).toEqual({ warm: 1 })
  })
  test('a wipe that a crash interrupted is not finished by another process: the container is replaced', async () => {
    const world = await filled({ minSize: 1, maxSize: 1, reuse: 'restart' })
    const id = idOf(await world.until(world.claim('alice')))
    world.engine.behaviour.startDelayMs = 1_000
    await world.until(world.release('alice'))
    await world.advance(100)
    expect((await row(world, id))?.state).toBe('resetting')
    world.crash()
    await world.restart()
    await world.advance(5_000)
    expect((await row(world, id))?.state).toBe('gone')
    expect(await world.counts()).toEqual({ warm: 1 })
  })
})
