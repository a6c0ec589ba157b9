import type { Clock, PoolId, WorkloadId } from '@boilerhouse/base'
import type { EventRecord, PoolRecord, WorkloadRecord } from '@boilerhouse/resources'

import type { Store } from './store.ts'

export interface CatalogueCacheOptions {
  readonly store: Pick<Store, 'pools' | 'workloads'>
  readonly clock: Clock
  /** A change that no event told of is seen after so long; never where it is not given. */
  readonly freshMs?: number
}

interface Known<Kind> {
  readonly at: number
  readonly record: Promise<Kind | undefined>
}

/**
 * Pools and workloads, read once for many callers and remembered until an event tells of a change. They may be a moment old: every
 * decision from them is a compare-and-set. What is missing, or could not be read, is not remembered.
 */
export class CatalogueCache {
  readonly #store: CatalogueCacheOptions['store']
  readonly #clock: Clock
  readonly #freshMs: number
  readonly #pools = new Map<PoolId, Known<PoolRecord>>()
  readonly #workloads = new Map<WorkloadId, Known<WorkloadRecord>>()

  constructor({ store, clock, freshMs = Infinity }: CatalogueCacheOptions) {
    this.#store = store
    this.#clock = clock
    this.#freshMs = freshMs
  }

  pool(id: PoolId): Promise<PoolRecord | undefined> {
    return this.#remember(this.#pools, id, () => this.#store.pools.get(id))
  }

  workload(id: WorkloadId): Promise<WorkloadRecord | undefined> {
    return this.#remember(this.#workloads, id, () => this.#store.workloads.get(id))
  }

  learn({ type, subject, poolId }: EventRecord): void {
    if (type.startsWith('pool.')) this.#pools.delete(poolId ?? (idIn(subject) as PoolId))
    if (type.startsWith('workload.')) this.#workloads.delete(idIn(subject) as WorkloadId)
  }

  #remember<Id, Kind>(all: Map<Id, Known<Kind>>, id: Id, read: () => Promise<Kind | undefined>): Promise<Kind | undefined> {
    const now = this.#clock.monotonicMs()
    const before = all.get(id)
    if (before && now - before.at < this.#freshMs) return before.record
    const record = read()
    const known = { at: now, record }
    all.set(id, known)
    const forget = () => void (all.get(id) === known && all.delete(id))
    record.then((found) => found ?? forget(), forget)
    return record
  }
}

const idIn = (subject: string): string => subject.slice(subject.indexOf('/') + 1)
