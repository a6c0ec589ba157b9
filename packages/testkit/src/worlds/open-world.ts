import { afterEach } from 'bun:test'

import type { PoolSpec, WorkloadSpec } from '@boilerhouse/resources'

import { createWorld, type World, type WorldOptions } from '../world.ts'

/** Worlds of one test file; each is closed after its test, and a timer that outlived it fails the test. */
export function openWorlds(): (options?: WorldOptions) => Promise<World> {
  const open: World[] = []
  afterEach(async () => {
    for (const world of open.splice(0)) await world.close()
  })
  return async (options) => {
    const world = await createWorld(options)
    open.push(world)
    return world
  }
}

/** A world with the demo's pool, as full as it wants to be. */
export const filledWorlds =
  (openWorld: ReturnType<typeof openWorlds>) =>
  async (pool: Partial<PoolSpec> = {}, workload: Partial<WorkloadSpec> = {}): Promise<World> => {
    const world = await openWorld()
    await world.workload(workload)
    await world.pool(pool)
    await world.settle()
    return world
  }
