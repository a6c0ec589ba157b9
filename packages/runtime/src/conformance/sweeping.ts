import type { ContainerId } from '@boilerhouse/base'
import { describe, expect } from 'bun:test'

import { it, never, newPoolId, type RuntimeUnderTest } from './runtime-under-test.ts'

export function sweeping(at: RuntimeUnderTest): void {
  const { poolId, run } = at

  describe('inventory and sweep', () => {
    it('sweep removes what nobody knows and leaves what is known', async () => {
      const [known, unknown] = await Promise.all([run(), run()])
      const strange = newPoolId()
      const subnet = await at.runtime.chooseSubnet(2, [], never)
      await at.runtime.ensureNetwork({ poolId: strange, access: 'none', maxSize: 2, subnet }, never)
      await at.runtime.inventory(never)
      const removed = await at.runtime.sweep({ containers: new Set([known]), pools: new Set([poolId]) }, never)
      expect(removed.join('\n')).toContain(unknown)
      expect(removed.join('\n')).toContain(strange)
      expect(removed.join('\n')).not.toContain(known)
      expect(await at.runtime.get(unknown, never)).toBeUndefined()
      expect((await at.runtime.get(known, never))?.phase).toBe('running')
      const inventory = await at.runtime.inventory(never)
      expect(inventory.networks).toEqual([poolId])
      expect(inventory.slots).toEqual([known])
      expect(inventory.volumes).toEqual([known])
    })

    it('sweep leaves what was made after the inventory, and without an inventory does nothing', async () => {
      await at.runtime.inventory(never)
      const containerId = await run()
      const known = { containers: new Set<ContainerId>(), pools: new Set([poolId]) }
      expect((await at.runtime.sweep(known, never)).join('\n')).not.toContain(containerId)
      expect(await at.runtime.sweep(known, never)).toEqual([])
      expect((await at.runtime.get(containerId, never))?.phase).toBe('running')
    })

    it('the firewall stands while a pool is there', async () => {
      expect((await at.runtime.inventory(never)).firewallDifferences).toEqual([])
    })
  })
}
