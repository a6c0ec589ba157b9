import { newContainerId, systemClock } from '@boilerhouse/base'
import { describe, expect } from 'bun:test'

import { it, never, type RuntimeUnderTest } from './runtime-under-test.ts'

export function ending(at: RuntimeUnderTest): void {
  const { run, spec } = at

  describe('pausing, stopping and destroying a container', () => {
    it('destroy while ensure runs leaves nothing once both are done', async () => {
      const wanted = spec()
      const starting = at.runtime.ensure(wanted, never).catch(() => undefined)
      await systemClock.sleep(15)
      await at.runtime.destroy(wanted.containerId, never)
      await starting
      await at.runtime.destroy(wanted.containerId, never)
      expect(await at.runtime.get(wanted.containerId, never)).toBeUndefined()
      expect((await at.runtime.inventory(never)).slots).not.toContain(wanted.containerId)
    })

    it('destroy twice, and of what never was, is fine', async () => {
      const containerId = await run()
      await Promise.all([at.runtime.destroy(containerId, never), at.runtime.destroy(containerId, never)])
      await at.runtime.destroy(containerId, never)
      await at.runtime.destroy(newContainerId(systemClock.nowMs()), never)
      expect(await at.runtime.get(containerId, never)).toBeUndefined()
      const inventory = await at.runtime.inventory(never)
      expect([...inventory.containers, ...inventory.slots, ...inventory.volumes]).not.toContain(containerId)
    })

    it('stop ends the process and keeps the container; stopping again, and what is gone, is fine', async () => {
      const containerId = await run()
      await at.runtime.stop(containerId, 500, never)
      expect((await at.runtime.get(containerId, never))?.phase).toBe('exited')
      await at.runtime.stop(containerId, 500, never)
      await at.runtime.stop(newContainerId(systemClock.nowMs()), 500, never)
    })

    it('pause and unpause are seen in the phase, and doing either twice is fine', async () => {
      const containerId = await run()
      await at.runtime.pause(containerId, never)
      await at.runtime.pause(containerId, never)
      expect((await at.runtime.get(containerId, never))?.phase).toBe('paused')
      await at.runtime.unpause(containerId, never)
      await at.runtime.unpause(containerId, never)
      expect((await at.runtime.get(containerId, never))?.phase).toBe('running')
    })

    it('a paused container can be stopped and destroyed', async () => {
      const containerId = await run()
      await at.runtime.pause(containerId, never)
      await at.runtime.stop(containerId, 500, never)
      expect((await at.runtime.get(containerId, never))?.phase).toBe('exited')
      const paused = await run()
      await at.runtime.pause(paused, never)
      await at.runtime.destroy(paused, never)
      expect(await at.runtime.get(paused, never)).toBeUndefined()
    })
  })
}
