import { Fault, type Logger, type PoolId } from '@boilerhouse/base'
import { networkAccessOf, networkSizeOf, type PoolRecord, type WorkloadRecord } from '@boilerhouse/resources'
import type { NetworkSpec, Runtime } from '@boilerhouse/runtime'
import type { Store } from '@boilerhouse/store'

type Access = NetworkSpec['access']

/** Beside its containers, a pool's network has those that drain while their replacements start; never more than a bridge takes. */
const neededAddresses = (maxSize: number): number => Math.min(1_000, maxSize + Math.ceil(maxSize / 8))
/** Without network, broadcast and gateway. */
const addressesOf = (cidr: string): number => 2 ** (32 - Number(cidr.slice(cidr.indexOf('/') + 1))) - 3

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
    const key = JSON.stringify([access, networkSizeOf(pool.spec.maxSize)])
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
    const maxSize = networkSizeOf(pool.spec.maxSize)
    const subnet = isOurs ? await this.#assign(pool, maxSize, signal) : ''
    await this.#runtime.ensureNetwork({ poolId: pool.id, access, maxSize, subnet }, signal)
  }

  /** The pool's subnet, or a larger one where the pool has outgrown it. */
  async #assign(pool: PoolRecord, maxSize: number, signal: AbortSignal): Promise<string> {
    const { networks } = this.#store
    for (let attempt = 0; attempt < 20; attempt++) {
      const taken = await networks.all()
      const mine = taken.get(pool.id)
      if (mine !== undefined && addressesOf(mine) >= neededAddresses(maxSize)) return mine
      const subnet = await this.#runtime.chooseSubnet(maxSize, [...taken.values()], signal)
      const { outcome } =
        mine === undefined ? await networks.assign(pool.id, subnet) : await networks.replace(pool.id, mine, subnet)
      // Read back: another server may have been first.
      if (outcome === 'ok') return (await networks.all()).get(pool.id) ?? subnet
      this.#log.debug('another server took the subnet first', { poolId: pool.id, subnet })
    }
    throw new Fault('pool.network_exhausted', `No subnet could be assigned to pool ${pool.id}: others took each one first`)
  }
}
