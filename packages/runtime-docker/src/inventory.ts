import { readdir } from 'node:fs/promises'

import type { ContainerId, PoolId } from '@boilerhouse/base'
import type { Runtime, RuntimeInventory } from '@boilerhouse/runtime'

import type { Engine } from './engine.ts'
import type { Firewall } from './firewall/firewall.ts'
import { containerFilter, labels } from './labels.ts'
import type { Layout } from './layout.ts'
import type { Networks } from './network/networks.ts'
import { filesLeftBehind } from './volumes/left-behind.ts'

export interface InventoryDeps {
  readonly engine: Engine
  readonly installation: string
  readonly layout: Layout
  readonly networks: Networks
  readonly firewall: Firewall
  /** Removes container, slot and volumes, whichever of them is there. */
  readonly destroy: Runtime['destroy']
  /** What is wrong with the engine itself. */
  readonly readWarnings: (signal: AbortSignal) => Promise<readonly string[]>
}

/**
 * What the engine and the host hold of ours, and the removal of what nobody knows. A sweep takes only what the inventory before it
 * showed: a container that was made after the caller read whom it knows is not in it.
 */
export function createInventory(deps: InventoryDeps): Pick<Runtime, 'inventory' | 'sweep'> {
  const { networks, destroy } = deps
  let shown: RuntimeInventory | undefined
  return {
    async inventory(signal) {
      shown = await look(deps, signal)
      return shown
    },
    async sweep(known, signal) {
      const seen = shown
      if (!seen) return []
      shown = undefined
      const ids = new Set([...seen.containers, ...seen.slots, ...seen.volumes])
      const strangers = [...ids].filter((containerId) => !known.containers.has(containerId))
      await Promise.all(strangers.map((containerId) => destroy(containerId, signal)))
      const pools = seen.networks.filter((poolId) => !known.pools.has(poolId))
      await Promise.all(pools.map((poolId) => networks.destroyNetwork(poolId, signal)))
      return [...strangers.map((id) => `container ${id}`), ...pools.map((id: PoolId) => `network ${id}`)]
    },
  }
}

async function look(deps: InventoryDeps, signal: AbortSignal): Promise<RuntimeInventory> {
  const { layout, networks, firewall, readWarnings } = deps
  // Without a bridge there is nothing to wall in, and no walls are kept.
  const hasBridges = await firewall.hasBridges()
  const [containers, pools, slots, volumes, firewallDifferences, warnings] = await Promise.all([
    listContainerIds(deps, signal),
    networks.poolIds(signal),
    containerDirs(layout.slotsDir),
    containerDirs(layout.volumesDir),
    !hasBridges
      ? []
      : firewall.differences(signal).catch((error: unknown) => [error instanceof Error ? error.message : String(error)]),
    readWarnings(signal),
  ])
  return {
    containers,
    networks: pools,
    slots,
    volumes,
    firewallDifferences,
    warnings: [...warnings, ...(await filesLeftBehind(layout, { volumes, containers }))],
  }
}

async function listContainerIds({ engine, installation }: InventoryDeps, signal: AbortSignal): Promise<readonly ContainerId[]> {
  const call = { name: 'container.list', subject: 'engine', signal } as const
  const found = await engine.call(call, (docker) => docker.listContainers({ all: true, filters: containerFilter(installation) }))
  return found.flatMap((each) => (each.Labels[labels.container] ?? []) as ContainerId | never[])
}

/** Directories named as our containers are; a directory that is not there yet holds none. */
async function containerDirs(directory: string): Promise<readonly ContainerId[]> {
  const names = await readdir(directory).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return []
    throw error
  })
  return names.filter((name) => /^c-[0-9a-z]+$/.test(name)) as ContainerId[]
}
