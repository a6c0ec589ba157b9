import { Fault, type PoolId, type WorkloadId } from '@boilerhouse/base'
import type { PoolRecord, WorkloadRecord } from '@boilerhouse/resources'
import type { EventHub, Store } from '@boilerhouse/store'

/** Pools and workloads as last read; an event about one makes the next caller read it again. */
export interface Catalogue {
  /** Throws `pool.not_found`. */
  pool(id: PoolId): Promise<PoolRecord>
  /** Throws `workload.not_found`. */
  workload(id: WorkloadId): Promise<WorkloadRecord>
  close(): void
}

export function createCatalogue({ store, hub }: { readonly store: Store; readonly hub: EventHub }): Catalogue {
  const pools = new Map<string, Promise<PoolRecord | undefined>>()
  const workloads = new Map<string, Promise<WorkloadRecord | undefined>>()
  const unsubscribe = hub.subscribe(({ type, subject, poolId }) => {
    if (type.startsWith('workload.')) workloads.delete(subject.slice(subject.indexOf('/') + 1))
    if (type.startsWith('pool.')) pools.delete(poolId ?? subject.slice(subject.indexOf('/') + 1))
  })
  return {
    async pool(id) {
      const pool = await remembered(pools, id, () => store.pools.get(id))
      if (!pool) throw new Fault('pool.not_found', `There is no pool ${id}`)
      return pool
    },
    async workload(id) {
      const workload = await remembered(workloads, id, () => store.workloads.get(id))
      if (!workload) throw new Fault('workload.not_found', `There is no workload ${id}`)
      return workload
    },
    close: unsubscribe,
  }
}

/** Keeps the promise, so that many callers read once; what is missing or failed is never kept. */
async function remembered<Kind>(
  kept: Map<string, Promise<Kind | undefined>>,
  id: string,
  read: () => Promise<Kind | undefined>,
): Promise<Kind | undefined> {
  const known = kept.get(id)
  if (known) return known
  const reading = read()
  kept.set(id, reading)
  const forget = () => {
    if (kept.get(id) === reading) kept.delete(id)
  }
  try {
    const found = await reading
    if (found === undefined) forget()
    return found
  } catch (error) {
    forget()
    throw error
  }
}
