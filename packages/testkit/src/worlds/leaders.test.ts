import { describe, expect, test } from 'bun:test'

import { noMetrics, silentLogger } from '@boilerhouse/base'
import { createControllers, type Controllers } from '@boilerhouse/controllers'
import { createFakeRuntime } from '@boilerhouse/runtime'
import { createEventHub, createMemoryStore, type MemoryData } from '@boilerhouse/store'

import type { World } from '../world.ts'
import { openWorlds } from './open-world.ts'

const openWorld = openWorlds()

/** A second server beside the world's own, over the same rows and the same engine. */
async function second(world: World, data: MemoryData): Promise<{ controllers: Controllers; stop(): Promise<void> }> {
  const { clock, engine, claims } = world
  const store = createMemoryStore({ clock, data })
  const runtime = createFakeRuntime({ clock, engine })
  const common = { clock, log: silentLogger, metrics: noMetrics }
  const hub = createEventHub({ events: store.events, coalesceMs: 0, ...common })
  const settings = {
    maxContainers: 100,
    minFreeMb: 0,
    leaseTtlMs: 3_000,
    workloadsDir: '/nowhere',
    allowNetworks: [],
    environment: {},
  }
  const controllers = createControllers({ store, hub, runtime, claims, settings, holder: 'second', ...common })
  await hub.start()
  controllers.start()
  return {
    controllers,
    async stop() {
      await controllers.stop()
      await hub.stop()
      await runtime.close()
      await store.close()
    },
  }
}

describe('two servers over one store', () => {
  test('one leads each kind; where it stops in order, the other goes on at once and starts nothing twice', async () => {
    const world = await openWorld()
    const other = await second(world, world.data)
    await world.workload()
    await world.pool({ minSize: 3 })
    await world.advance(30_000)
    expect(await world.counts()).toEqual({ warm: 3 })
    expect(await world.events(['container.created'])).toHaveLength(3)
    await world.controllers.stop()
    await world.advance(1_500)
    for (const { id } of (await world.containers()).slice(0, 2)) world.control.kill(id)
    await world.advance(1_000)
    expect(await world.counts()).toEqual({ warm: 3 })
    expect(await world.events(['container.created'])).toHaveLength(5)
    await other.stop()
  })
  test('a leader that was overtaken writes nothing more', async () => {
    const world = await openWorld()
    await world.workload()
    await world.pool({ minSize: 1 })
    await world.settle()
    for (const [kind, lease] of world.data.leases)
      world.data.leases.set(kind, { ...lease, holder: 'thief', fence: lease.fence + 1 })
    const before = (await world.events()).length
    await world.updatePool({ minSize: 5 })
    await world.settle()
    expect((await world.events()).slice(before).map((event) => event.type)).toEqual(['pool.updated'])
    expect(await world.counts()).toEqual({ warm: 1 })
  })
  test('a stop does not wait for the hook of a tenant, and the next start goes on with the release', async () => {
    const world = await openWorld()
    world.engine.behaviour.onExec = async () => {
      await world.clock.sleep(50_000)
      return { exitCode: 0, stdout: new Uint8Array(), stderr: new Uint8Array(), truncated: false }
    }
    const hooks = { preRelease: { command: ['slow'], timeoutMs: 60_000, onError: 'continue' as const } }
    await world.workload({ hooks, idle: { timeoutMs: 10_000, action: 'release' } })
    await world.pool({ minSize: 1 })
    await world.settle()
    await world.until(world.claim('alice'))
    await world.advance(12_000)
    expect((await world.events(['claim.releasing'])).length).toBe(1)
    const stopping = world.controllers.stop()
    await world.until(stopping, 100)
    await world.restart()
    await world.advance(120_000)
    expect((await world.events(['claim.released'])).length).toBe(1)
    expect(await world.counts()).toEqual({ warm: 1 })
  })
})
