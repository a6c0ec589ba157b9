import { Fault } from '@boilerhouse/base'

import type { Runtime, RuntimeInventory } from '../runtime.ts'
import type { FakeDeps } from './fake-containers.ts'

type Networks = Pick<Runtime, 'ensureNetwork' | 'destroyNetwork' | 'chooseSubnet' | 'inventory' | 'sweep'>

const subnetCount = 4096

export function fakeNetworks({ engine, installation, gate }: FakeDeps, destroy: Runtime['destroy']): Networks {
  let shown: RuntimeInventory | undefined
  return {
    async ensureNetwork(spec, signal) {
      await gate.enter('ensureNetwork', signal)
      const former = installation.networks.get(spec.poolId)
      if (!former || former.maxSize < spec.maxSize) installation.networks.set(spec.poolId, spec)
    },
    async destroyNetwork(poolId, signal) {
      await gate.enter('destroyNetwork', signal)
      installation.networks.delete(poolId)
    },
    async chooseSubnet(maxSize, taken, signal) {
      await gate.enter('chooseSubnet', signal)
      const used = new Set(taken)
      for (const each of engine.installations.values()) for (const network of each.networks.values()) used.add(network.subnet)
      for (let index = 0; index < subnetCount; index++) {
        const subnet = `10.${64 + Math.floor(index / 64)}.${(index % 64) * 4}.0/22`
        if (!used.has(subnet)) return subnet
      }
      throw new Fault('pool.network_exhausted', `No subnet is left for ${maxSize} containers`)
    },
    async inventory(signal) {
      await gate.enter('inventory', signal)
      shown = {
        containers: [...installation.containers.keys()],
        networks: [...installation.networks.keys()],
        slots: [...installation.slots.keys()],
        volumes: [...installation.volumes.keys()],
        firewallDifferences: [],
        warnings: [],
      }
      return shown
    },
    async sweep(known, signal) {
      await gate.enter('sweep', signal)
      const seen = shown
      if (!seen) return []
      shown = undefined
      const ids = new Set([...seen.containers, ...seen.slots, ...seen.volumes])
      const strangers = [...ids].filter((containerId) => !known.containers.has(containerId))
      await Promise.all(strangers.map((containerId) => destroy(containerId, signal)))
      const pools = seen.networks.filter((poolId) => !known.pools.has(poolId))
      for (const poolId of pools) installation.networks.delete(poolId)
      return [...strangers.map((id) => `container ${id}`), ...pools.map((id) => `network ${id}`)]
    },
  }
}
