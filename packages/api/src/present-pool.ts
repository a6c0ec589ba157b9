import type { Pool, PoolRecord } from '@boilerhouse/resources'
import type { PoolCounts } from '@boilerhouse/store'

import { toRfc3339 } from './present-time.ts'

export const presentPool = (record: PoolRecord, counts: PoolCounts = {}, hitRate: number | null = null): Pool => ({
  ...record.spec,
  id: record.id,
  status: {
    phase: record.status.phase,
    warm: counts.warm ?? 0,
    starting: counts.starting ?? 0,
    bound: counts.bound ?? 0,
    unhealthy: counts.unhealthy ?? 0,
    hitRate,
    conditions: [...record.status.conditions],
  },
  generation: record.generation,
  revision: record.revision,
  createdAt: toRfc3339(record.createdAt),
  updatedAt: toRfc3339(record.updatedAt),
})
