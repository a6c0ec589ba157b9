import { afterEach } from 'bun:test'

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
