import { Fault, type Logger, type PoolId } from '@boilerhouse/base'
import { networkAccessOf, type PoolRecord, type WorkloadRecord } from '@boilerhouse/resources'
import type { NetworkSpec, Runtime } from '@boilerhouse/runtime'
import type { Store } from '@boilerhouse/store'

type Access = NetworkSpec['access']

/**
 * Each pool's own network, assigned once and made before the pool's first container. Made networks are remembered until the engine
 * went away, so that only the first of many starts pays for it.
 */
export class PoolNetworks {
  readonly #store: Store
  readonly #runtime: Runtime
  readonly #log: Logger
  readonly #made = new Map<PoolId, { readonly key: string; readonly done: Promise<void> }>()

  constructor(deps: { store: Store; runtime: Runtime; log: Logger }) {
    this.#store = deps.store
    this.#runtime = deps.runtime
    this.#log = deps.log
  }

  /** The engine may have lost them: make sure again. */
  forgetAll(): void {
    this.#made.clear()
  }

  /** A container did not get into it: make sure again before the next one. */
  forget(poolId: PoolId): void {
    this.#made.delete(poolId)
  }

  async ensure(pool: PoolRecord, workload: WorkloadRecord, signal: AbortSignal): Promise<void> {
    const access = networkAccessOf(workload.spec)
    const key = JSON.stringify([access, pool.spec.maxSize])
    const known = this.#made.get(pool.id)
    if (known?.key === key) return known.done
    const done = this.#make(pool, access, signal)
    this.#made.set(pool.id, { key, done })
    try {
      await done
    } catch (error) {
      if (this.#made.get(pool.id)?.done === done) this.#made.delete(pool.id)
      throw error
    }
  }

  async remove(poolId: PoolId, signal: AbortSignal): Promise<void> {
    this.#made.delete(poolId)
    await this.#runtime.destroyNetwork(poolId, signal)
    await this.#store.networks.remove(poolId)
  }

  async #make(pool: PoolRecord, access: Access, signal: AbortSignal): Promise<void> {
    const isOurs = access === 'none' || access === 'unrestricted'
    const subnet = isOurs ? await this.#assign(pool, signal) : ''
    await this.#runtime.ensureNetwork({ poolId: pool.id, access, maxSize: pool.spec.maxSize, subnet }, signal)
  }

  /** Room for the pool to grow, because a network cannot change its subnet under its containers. */
  async #assign(pool: PoolRecord, signal: AbortSignal): Promise<string> {
    const size = Math.min(1_000, Math.max(60, pool.spec.maxSize))
    for (let attempt = 0; attempt < 20; attempt++) {
      const taken = await this.#store.networks.all()
      const mine = taken.get(pool.id)
      if (mine !== undefined) return mine
      const subnet = await this.#runtime.chooseSubnet(size, [...taken.values()], signal)
      const assigned = await this.#store.networks.assign(pool.id, subnet)
      if (assigned.outcome === 'ok') return assigned.subnet
      this.#log.debug('another server took the subnet first', { poolId: pool.id, subnet })
    }
    throw new Fault('pool.network_exhausted', `No subnet could be assigned to pool ${pool.id}: others took each one first`)
  }
}
