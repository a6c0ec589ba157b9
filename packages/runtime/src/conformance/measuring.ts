import { newContainerId, systemClock } from '@boilerhouse/base'
import { describe, expect } from 'bun:test'

import { it, never, type RuntimeUnderTest } from './runtime-under-test.ts'

export function measuring(at: RuntimeUnderTest): void {
  const { run } = at

  describe('stats and space', () => {
    it('stats of what runs are given at once, of what does not are left out', async () => {
      const [one, two] = await Promise.all([run('serve'), run('serve')])
      const gone = newContainerId(systemClock.nowMs())
      const stats = await at.runtime.stats([one, two, gone], never)
      expect([...stats.keys()].sort()).toEqual([one, two].sort())
      for (const each of stats.values()) {
        expect(each.memoryBytes).toBeGreaterThan(0)
        expect(each.cpuSeconds).toBeGreaterThan(0)
        expect(each.networkPackets).toBeGreaterThanOrEqual(0)
      }
    })

    it('free space is a number of MB, and ping answers with a version', async () => {
      expect(await at.runtime.freeMb(never)).toBeGreaterThan(0)
      expect((await at.runtime.ping(never)).version).toBeString()
    })
  })
}
