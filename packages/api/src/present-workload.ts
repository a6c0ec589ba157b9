import type { Workload, WorkloadRecord } from '@boilerhouse/resources'

import { toRfc3339 } from './present-time.ts'

export const presentWorkload = (record: WorkloadRecord): Workload => ({
  ...record.spec,
  id: record.id,
  status: record.status,
  generation: record.generation,
  revision: record.revision,
  createdAt: toRfc3339(record.createdAt),
  updatedAt: toRfc3339(record.updatedAt),
})
