import { newId, systemClock, type TenantId, type WorkloadId } from '@boilerhouse/base'
import { describe, expect } from 'bun:test'

import type { StateKey } from '../runtime.ts'
import { codeOf } from './code-of.ts'
import { it, never, type RuntimeUnderTest } from './runtime-under-test.ts'

export function keepingState(at: RuntimeUnderTest): void {
  const { read, run, write } = at

  describe('volumes', () => {
    const newKey = (): StateKey => ({
      tenantId: `tenant:${newId('t', systemClock.nowMs())}` as TenantId,
      workloadId: 'conformance' as WorkloadId,
    })

    it('what stop and keep took from one container, restore brings to another, and only to that tenant', async () => {
      const key = newKey()
      const first = await run()
      await write(first, '/state/notes.txt', 'remember')
      await write(first, '/state/.hidden', 'too')
      await at.runtime.stop(first, 500, never)
      expect(await at.runtime.volumes(first).keep(key, never)).toEqual({ kept: true })
      await at.runtime.destroy(first, never)

      const stranger = await run()
      expect(await at.runtime.volumes(stranger).restore(newKey(), never)).toEqual({ restored: false })
      expect(await codeOf(read(stranger, '/state/notes.txt'))).toBe('container.file_not_found')

      const second = await run()
      expect(await at.runtime.volumes(second).restore(key, never)).toEqual({ restored: true })
      expect(await read(second, '/state/notes.txt')).toBe('remember')
      expect(await read(second, '/state/.hidden')).toBe('too')
    })

    it('what is discarded is nowhere once its container is gone; what was kept before stays kept', async () => {
      const key = newKey()
      const [first, second] = [await run(), await run()]
      await write(first, '/state/older', 'kept')
      await at.runtime.stop(first, 500, never)
      await at.runtime.volumes(first).keep(key, never)
      await write(second, '/state/newer', 'thrown away')
      await at.runtime.stop(second, 500, never)
      for (let time = 0; time < 2; time++) await at.runtime.volumes(second).discard(key, never)
      await at.runtime.destroy(second, never)
      const third = await run()
      expect(await at.runtime.volumes(third).restore(key, never)).toEqual({ restored: true })
      expect(await read(third, '/state/older')).toBe('kept')
      expect(await codeOf(read(third, '/state/newer'))).toBe('container.file_not_found')
    })

    it('the other tenant ids and workloads that look alike do not share what is kept', async () => {
      const container = await run()
      await write(container, '/state/x', 'of a-b')
      await at.runtime.stop(container, 500, never)
      const unique = newId('t', systemClock.nowMs())
      const pair = (tenantId: string, workloadId: string) => ({
        tenantId: `${unique}${tenantId}` as TenantId,
        workloadId: workloadId as WorkloadId,
      })
      await at.runtime.volumes(container).keep(pair('a-b', 'c'), never)
      const next = await run()
      expect(await at.runtime.volumes(next).restore(pair('a', 'b-c'), never)).toEqual({ restored: false })
      expect(await at.runtime.volumes(next).restore(pair('a-b', 'c'), never)).toEqual({ restored: true })
    })

    it('restore twice is one restore, and keep twice is one keep', async () => {
      const key = newKey()
      const first = await run()
      await write(first, '/state/a', '1')
      await at.runtime.stop(first, 500, never)
      await at.runtime.volumes(first).keep(key, never)
      await at.runtime.volumes(first).keep(key, never)
      const second = await run()
      await at.runtime.volumes(second).restore(key, never)
      await at.runtime.volumes(second).restore(key, never)
      expect(await read(second, '/state/a')).toBe('1')
      await at.runtime.stop(second, 500, never)
      await at.runtime.volumes(second).keep(key, never)
      const third = await run()
      expect(await at.runtime.volumes(third).restore(key, never)).toEqual({ restored: true })
      expect(await read(third, '/state/a')).toBe('1')
    })

    it('an aborted restore or keep loses nothing: calling again finishes it', async () => {
      const key = newKey()
      const first = await run()
      await Promise.all(['a', 'b', 'c'].map((name) => write(first, `/state/${name}`, name)))
      await at.runtime.stop(first, 500, never)
      await expect(at.runtime.volumes(first).keep(key, AbortSignal.abort())).rejects.toThrow()
      expect(await at.runtime.volumes(first).keep(key, never)).toEqual({ kept: true })
      const second = await run()
      await expect(at.runtime.volumes(second).restore(key, AbortSignal.abort())).rejects.toThrow()
      await at.runtime.volumes(second).restore(key, never)
      expect(await Promise.all(['a', 'b', 'c'].map((name) => read(second, `/state/${name}`)))).toEqual(['a', 'b', 'c'])
    })

    it('keeps the volume of a container that died', async () => {
      const key = newKey()
      const first = await run()
      await write(first, '/state/a', 'survives')
      await at.subject.kill(first)
      expect(await at.runtime.volumes(first).keep(key, never)).toEqual({ kept: true })
      const second = await run()
      await at.runtime.volumes(second).restore(key, never)
      expect(await read(second, '/state/a')).toBe('survives')
    })

    it('of a workload without state, nothing is kept or restored', async () => {
      const containerId = await run('sleep', { volumes: {} })
      const key = newKey()
      expect(await at.runtime.volumes(containerId).restore(key, never)).toEqual({ restored: false })
      await at.runtime.stop(containerId, 500, never)
      expect(await at.runtime.volumes(containerId).keep(key, never)).toEqual({ kept: false })
    })
  })
}
