import { describe, expect } from 'bun:test'

import type { RuntimeChange } from '../runtime.ts'
import { eventually } from './eventually.ts'
import { it, never, type RuntimeUnderTest } from './runtime-under-test.ts'

export function watching(at: RuntimeUnderTest): void {
  const { run } = at

  describe('watch', () => {
    it('begins with connected, then names each container that changed, and ends with the signal', async () => {
      const stop = new AbortController()
      const seen: RuntimeChange[] = []
      const watching = (async () => {
        for await (const change of at.runtime.watch(stop.signal)) seen.push(change)
      })()
      await eventually(
        () => seen,
        (changes) => changes.length > 0,
      )
      expect(seen[0]).toEqual({ kind: 'connected' })
      const containerId = await run()
      const names = () => seen.filter((change) => change.kind === 'container' && change.containerId === containerId).length
      expect(await eventually(names, (count) => count > 0)).toBeGreaterThan(0)
      const before = names()
      await at.subject.kill(containerId)
      expect(await eventually(names, (count) => count > before)).toBeGreaterThan(before)
      expect((await at.runtime.get(containerId, never))?.phase).toBe('exited')
      stop.abort()
      await watching
    })
  })
}
