import type { Clock, PoolId, WorkloadId } from '@boilerhouse/base'
import type { EventRecord, PoolRecord, WorkloadRecord } from '@boilerhouse/resources'
import type { Store } from '@boilerhouse/store'

interface Known<Kind> {
  readonly at: number
  readonly record: Promise<Kind | undefined>
}

/** A change that no event told of is seen after so long. */
const freshMs = 2_000

/**
 * Pools and workloads as passes over many containers need them: read once and remembered until an event tells of a change. They may be
 * a moment old; every decision from them is a compare-and-set, and the event wakes whoever decided too early.
 */
export class Catalogue {
  readonly #store: Store
  readonly #clock: Clock
  readonly #pools = new Map<PoolId, Known<PoolRecord>>()
  readonly #workloads = new Map<WorkloadId, Known<WorkloadRecord>>()

  constructor(deps: { store: Store; clock: Clock }) {
    this.#store = deps.store
    this.#clock = deps.clock
  }

  pool(id: PoolId): Promise<PoolRecord | undefined> {
    return this.#remember(this.#pools, id, () => this.#store.pools.get(id))
  }

  workload(id: WorkloadId): Promise<WorkloadRecord | undefined> {
    return this.#remember(this.#workloads, id, () => this.#store.workloads.get(id))
  }

  learn({ type, subject, poolId }: EventRecord): void {
    if (type.startsWith('pool.') && poolId) this.#pools.delete(poolId)
    if (type.startsWith('workload.')) this.#workloads.delete(subject.slice('workload/'.length) as WorkloadId)
  }

  #remember<Id, Kind>(known: Map<Id, Known<Kind>>, id: Id, read: () => Promise<Kind | undefined>): Promise<Kind | undefined> {
    const now = this.#clock.monotonicMs()
    const before = known.get(id)
    if (before && now - before.at < freshMs) return before.record
    const record = read()
    known.set(id, { at: now, record })
    // A read that failed is not remembered.
    record.catch(() => void (known.get(id)?.record === record && known.delete(id)))
    return record
  }
}
