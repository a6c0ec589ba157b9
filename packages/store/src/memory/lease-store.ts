import type { Clock } from '@boilerhouse/base'

import type { LeaseStore } from '../store.ts'
import type { LeaseRow, MemoryData } from './memory-data.ts'

interface Sighting {
  readonly fence: number
  readonly counter: number
  readonly atMs: number
}

export function createLeaseStore(data: MemoryData, clock: Clock): LeaseStore {
  /** What this process saw of others' leases, and when by its own monotonic clock. */
  const sightings = new Map<string, Sighting>()

  const stoodStillMs = (controller: string, row: LeaseRow): number => {
    const seen = sightings.get(controller)
    const now = clock.monotonicMs()
    if (seen?.fence === row.fence && seen.counter === row.counter) return now - seen.atMs
    sightings.set(controller, { fence: row.fence, counter: row.counter, atMs: now })
    return 0
  }
  return {
    async acquire(controller, holder, ttlMs) {
      const row = data.leases.get(controller) ?? { holder: undefined, fence: 0, counter: 0 }
      const isMine = row.holder === holder
      if (row.holder !== undefined && !isMine && stoodStillMs(controller, row) < ttlMs)
        return { outcome: 'following', holder: row.holder }
      const fence = isMine ? row.fence : row.fence + 1
      data.leases.set(controller, { holder, fence, counter: row.counter + 1 })
      return { outcome: 'leading', fence: { controller, fence } }
    },
    async release({ controller, fence }) {
      const row = data.leases.get(controller)
      if (row?.fence === fence) data.leases.set(controller, { ...row, holder: undefined })
    },
  }
}
