import type { HealthCheck } from '@boilerhouse/resources'
import { describe, expect } from 'bun:test'

import { conformanceCommands } from '../conformance-subject.ts'
import { eventually } from './eventually.ts'
import { it, never, type RuntimeUnderTest } from './runtime-under-test.ts'

export function probing(at: RuntimeUnderTest): void {
  const { spec } = at

  describe('probe', () => {
    const check = (change: Partial<HealthCheck>): HealthCheck => ({
      intervalMs: 1000,
      timeoutMs: 2000,
      retries: 1,
      startPeriodMs: 0,
      ...change,
    })

    const cases: readonly (readonly [string, Partial<HealthCheck>, boolean])[] = [
      ['http 200', { http: { port: 8080, path: '/' } }, true],
      ['http 404', { http: { port: 8080, path: '/missing' } }, false],
      ['http on a closed port', { http: { port: 9, path: '/' } }, false],
      ['an open tcp port', { tcp: { port: 8080 } }, true],
      ['a closed tcp port', { tcp: { port: 9 } }, false],
      ['a command that exits 0', { command: [...conformanceCommands.pass] }, true],
      ['a command that exits 1', { command: [...conformanceCommands.fail] }, false],
      ['a command that hangs', { command: [...conformanceCommands.hang], timeoutMs: 300 }, false],
    ]

    it('tells what passes from what does not, and says why', async () => {
      const container = await at.runtime.ensure(spec('serve'), never)
      const address = container.address ?? { hostPorts: {} }
      const serves = () => at.runtime.probe(container.containerId, address, check({ tcp: { port: 8080 } }), never)
      await eventually(serves, (result) => result.ok)
      for (const [name, change, ok] of cases) {
        const result = await at.runtime.probe(container.containerId, address, check(change), never)
        expect([name, result.ok]).toEqual([name, ok])
        expect(result.durationMs).toBeLessThan(2500)
        if (!ok) expect(result.detail).toBeString()
      }
    })
  })
}
