import { describe, expect } from 'bun:test'

import { it, never, newPoolId, type RuntimeUnderTest } from './runtime-under-test.ts'

export function networks(at: RuntimeUnderTest): void {
  const { spec } = at

  describe('networks', () => {
    it('ensureNetwork and destroyNetwork twice, and destroy of what never was, are fine', async () => {
      const pool = newPoolId()
      const network = { poolId: pool, access: 'none' as const, maxSize: 2, subnet: await at.runtime.chooseSubnet(2, [], never) }
      await at.runtime.ensureNetwork(network, never)
      await at.runtime.ensureNetwork(network, never)
      expect((await at.runtime.inventory(never)).networks).toContain(pool)
      await at.runtime.destroyNetwork(pool, never)
      await at.runtime.destroyNetwork(pool, never)
      expect((await at.runtime.inventory(never)).networks).not.toContain(pool)
    })

    it('a network that was removed from outside is made again', async () => {
      const pool = newPoolId()
      const network = { poolId: pool, access: 'none' as const, maxSize: 2, subnet: await at.runtime.chooseSubnet(2, [], never) }
      await at.runtime.ensureNetwork(network, never)
      await at.subject.dropNetwork(pool)
      await at.runtime.ensureNetwork(network, never)
      const wanted = spec('sleep', {}, pool)
      expect(await at.runtime.ensure(wanted, never)).toMatchObject({ phase: 'running', isConnected: true })
      await at.runtime.destroy(wanted.containerId, never)
      await at.runtime.destroyNetwork(pool, never)
    })

    it('a container whose network was taken away is not connected', async () => {
      const pool = newPoolId()
      const subnet = await at.runtime.chooseSubnet(2, [], never)
      await at.runtime.ensureNetwork({ poolId: pool, access: 'none', maxSize: 2, subnet }, never)
      const wanted = spec('sleep', {}, pool)
      await at.runtime.ensure(wanted, never)
      await at.subject.dropNetwork(pool)
      expect((await at.runtime.get(wanted.containerId, never))?.isConnected).toBe(false)
      await at.runtime.destroy(wanted.containerId, never)
    })

    it('chooseSubnet never gives what is taken', async () => {
      const taken: string[] = []
      for (let index = 0; index < 5; index++) taken.push(await at.runtime.chooseSubnet(10, taken, never))
      expect(new Set(taken).size).toBe(5)
    })
  })
}
