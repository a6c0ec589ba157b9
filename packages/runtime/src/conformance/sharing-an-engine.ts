import { describe, expect } from 'bun:test'

import { conformanceDelivery } from '../conformance-subject.ts'
import { codeOf } from './code-of.ts'
import { it, never, type RuntimeUnderTest } from './runtime-under-test.ts'

export function sharingAnEngine(at: RuntimeUnderTest): void {
  const { poolId, read, run } = at

  describe('servers and installations on one engine', () => {
    it('a restarted server adopts what runs', async () => {
      const containerId = await run()
      const again = await at.subject.reopen()
      try {
        expect(await again.get(containerId, never)).toEqual(await at.runtime.get(containerId, never))
        await again.deliver(containerId, conformanceDelivery(containerId, poolId), never)
        expect(JSON.parse(await read(containerId, '/boilerhouse/config.json'))).toEqual({ greeting: 'hi' })
      } finally {
        await again.close()
      }
    })

    it('another installation neither sees nor touches ours', async () => {
      const containerId = await run()
      const other = await at.subject.other()
      try {
        expect(await other.get(containerId, never)).toBeUndefined()
        expect(await other.list(never)).toEqual([])
        expect((await other.inventory(never)).containers).toEqual([])
        expect(await other.sweep({ containers: new Set(), pools: new Set() }, never)).toEqual([])
        await other.stop(containerId, 0, never)
        await other.destroy(containerId, never)
        await other.destroyNetwork(poolId, never)
        expect(await codeOf(other.exec(containerId, { command: ['true'], timeoutMs: 1000, maxOutputBytes: 10 }, never))).toBe(
          'runtime.container_gone',
        )
      } finally {
        await other.close()
      }
      expect(await at.runtime.get(containerId, never)).toMatchObject({ phase: 'running', isConnected: true })
    })
  })
}
