import type { NetworkStore } from '../store.ts'
import type { MemoryData } from './memory-data.ts'

export function createNetworkStore({ networks }: MemoryData): NetworkStore {
  return {
    all: async () => new Map(networks),
    async assign(poolId, subnet) {
      const own = networks.get(poolId)
      if (own !== undefined) return { outcome: 'ok', subnet: own }
      if ([...networks.values()].includes(subnet)) return { outcome: 'taken' }
      networks.set(poolId, subnet)
      return { outcome: 'ok', subnet }
    },
    async replace(poolId, from, to) {
      if (networks.get(poolId) !== from) return { outcome: 'conflict' }
      if ([...networks.values()].includes(to)) return { outcome: 'taken' }
      networks.set(poolId, to)
      return { outcome: 'ok' }
    },
    async remove(poolId) {
      networks.delete(poolId)
    },
  }
}
