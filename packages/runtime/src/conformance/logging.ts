import { describe, expect } from 'bun:test'

import { eventually } from './eventually.ts'
import { it, never, type RuntimeUnderTest } from './runtime-under-test.ts'

export function logging(at: RuntimeUnderTest): void {
  const { run } = at

  describe('logs', () => {
    it('logs tell both streams with their times, and tail cuts', async () => {
      const containerId = await run('serve')
      const all = async (tail: number) => {
        const lines = []
        for await (const line of at.runtime.logs(containerId, { tail, follow: false }, never)) lines.push(line)
        return lines
      }
      const lines = await eventually(
        () => all(10),
        (found) => found.length >= 2,
      )
      expect(lines.map((line) => [line.stream, line.text]).sort()).toEqual([
        ['stderr', 'line-err'],
        ['stdout', 'line-out'],
      ])
      expect(lines.every((line) => !Number.isNaN(Date.parse(line.time)))).toBe(true)
      expect(await all(1)).toHaveLength(1)
    })

    it('logs that follow end when the signal aborts', async () => {
      const containerId = await run('serve')
      const stop = new AbortController()
      const lines: string[] = []
      const following = (async () => {
        for await (const line of at.runtime.logs(containerId, { tail: 10, follow: true }, stop.signal)) lines.push(line.text)
      })()
      expect(
        await eventually(
          () => lines.length,
          (count) => count >= 2,
        ),
      ).toBe(2)
      stop.abort()
      await following
    })
  })
}
