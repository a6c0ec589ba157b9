import { Fault, type Clock, type PoolId, type WorkloadId } from '@boilerhouse/base'
import type { PoolRecord, WorkloadRecord } from '@boilerhouse/resources'
import { CatalogueCache, type EventHub, type Store } from '@boilerhouse/store'

/** Pools and workloads as last read; an event about one makes the next caller read it again. */
export interface Catalogue {
  /** Throws `pool.not_found`. */
  pool(id: PoolId): Promise<PoolRecord>
  /** Throws `workload.not_found`. */
  workload(id: WorkloadId): Promise<WorkloadRecord>
  close(): void
}

export function createCatalogue(deps: { readonly store: Store; readonly hub: EventHub; readonly clock: Clock }): Catalogue {
  const cache = new CatalogueCache(deps)
  const unsubscribe = deps.hub.subscribe((event) => cache.learn(event))
  return {
    async pool(id) {
      const pool = await cache.pool(id)
      if (!pool) throw new Fault('pool.not_found', `There is no pool ${id}`)
      return pool
    },
    async workload(id) {
      const workload = await cache.workload(id)
      if (!workload) throw new Fault('workload.not_found', `There is no workload ${id}`)
      return workload
    },
    close: unsubscribe,
  }
}
