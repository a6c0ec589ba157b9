import { Fault, Wakeup, type Clock } from '@boilerhouse/base'

import type { Store } from '../store.ts'
import { createClaimStore } from './claim-store.ts'
import { createContainerStore } from './container-store.ts'
import { createEventStore } from './event-store.ts'
import { createIdempotencyStore } from './idempotency-store.ts'
import { createKeyStore } from './key-store.ts'
import { createLeaseStore } from './lease-store.ts'
import { createMemoryData, type MemoryData } from './memory-data.ts'
import { createNetworkStore } from './network-store.ts'
import { createPoolStore } from './pool-store.ts'
import { createSeriesStore } from './series-store.ts'
import { createWorkloadStore } from './workload-store.ts'
import { createWriter } from './writer.ts'

export interface MemoryStoreOptions {
  readonly clock: Clock
  /** Older events are dropped beyond it, unless a durable reader has yet to read them. */
  readonly maxEvents?: number
  /** Shared by several stores that stand for several processes; survives their `close`. */
  readonly data?: MemoryData
}

/** A `Store` without a disk, for tests and for worlds of many thousand commands. */
export function createMemoryStore({ clock, maxEvents = 200_000, data = createMemoryData() }: MemoryStoreOptions): Store {
  const writer = createWriter({ data, clock, maxEvents })
  const wakeup = new Wakeup<'events'>(clock)
  const wake = () => wakeup.wake('events')
  data.log.wakers.add(wake)
  let isClosed = false
  return {
    workloads: createWorkloadStore(writer),
    pools: createPoolStore(writer),
    containers: createContainerStore(writer),
    claims: createClaimStore(writer),
    keys: createKeyStore(writer),
    events: createEventStore(writer, wakeup),
    leases: createLeaseStore(data, clock),
    idempotency: createIdempotencyStore(writer, clock),
    series: createSeriesStore(data),
    networks: createNetworkStore(data),
    async ping() {
      if (isClosed) throw new Fault('store.unavailable', 'The store is closed')
    },
    async close() {
      isClosed = true
      data.log.wakers.delete(wake)
      wake()
    },
  }
}
