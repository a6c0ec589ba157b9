import type { Clock } from '@boilerhouse/base'

import { Sightings } from '../sightings.ts'
import type { LeaseStore } from '../store.ts'
import type { MemoryData } from './memory-data.ts'

export function createLeaseStore(data: MemoryData, clock: Clock): LeaseStore {
  const sightings = new Sightings(clock)
  return {
    async acquire(controller, holder, ttlMs) {
      const row = data.leases.get(controller) ?? { holder: undefined, fence: 0, counter: 0 }
      const isMine = row.holder === holder
      if (row.holder !== undefined && !isMine && sightings.stoodStillMs(controller, `${row.fence} ${row.counter}`) < ttlMs)
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
