import type { Clock, ContainerId, PoolId } from '@boilerhouse/base'
import type { Runtime } from '@boilerhouse/runtime'
import type { Store } from '@boilerhouse/store'

import { everyPool } from '../pool/every-pool.ts'
import { compareWorld, type Difference, type World } from './compare-world.ts'

export interface DoctorReport {
  readonly isHealthy: boolean
  readonly differences: readonly Difference[]
  readonly warnings: readonly string[]
  readonly counts: {
    readonly containers: number
    readonly claims: number
    readonly pools: number
    readonly engine: number
    readonly slots: number
  }
  /** Containers that the engine runs, for comparing with what the API lists. */
  readonly running: readonly ContainerId[]
  /** What `repair` did, a line each. */
  readonly repairs: readonly string[]
}

export interface DoctorDeps {
  readonly store: Store
  readonly runtime: Runtime
  readonly clock: Clock
}

/** Reads engine, slots and database once and compares them. With `repair`, removes what nobody knows; the controllers mend the rest. */
export async function examine(
  deps: DoctorDeps,
  options: { readonly repair: boolean },
  signal: AbortSignal,
): Promise<DoctorReport> {
  const repairs = options.repair ? await repair(deps, signal) : []
  const world = await readWorld(deps, signal)
  const differences = compareWorld(world)
  return {
    isHealthy: differences.length === 0,
    differences,
    warnings: world.inventory.warnings,
    counts: {
      containers: world.containers.length,
      claims: world.claims.length,
      pools: world.pools.length,
      engine: world.engine.length,
      slots: world.inventory.slots.length,
    },
    running: world.engine.filter(({ phase }) => phase === 'running' || phase === 'paused').map(({ containerId }) => containerId),
    repairs,
  }
}

/** The inventory first: whom the rows do not know then was not made in between. */
async function repair({ store, runtime }: DoctorDeps, signal: AbortSignal): Promise<readonly string[]> {
  await runtime.inventory(signal)
  return runtime.sweep(await known(store), signal)
}

/** The engine first: a row that appears in between is then `starting`, which the engine need not have. */
async function readWorld({ store, runtime, clock }: DoctorDeps, signal: AbortSignal): Promise<World> {
  const [engine, inventory] = await Promise.all([runtime.list(signal), runtime.inventory(signal)])
  const [containers, claims, pools] = await Promise.all([store.containers.all(), store.claims.all(), allPools(store)])
  return { engine, inventory, containers, claims, pools, now: clock.nowMs() }
}

async function known(store: Store): Promise<{ containers: ReadonlySet<ContainerId>; pools: ReadonlySet<PoolId> }> {
  const [containers, pools] = await Promise.all([store.containers.all(), allPools(store)])
  return { containers: new Set(containers.map(({ id }) => id)), pools: new Set(pools) }
}

const allPools = async (store: Store): Promise<readonly PoolId[]> => (await everyPool(store)).map(({ id }) => id)
