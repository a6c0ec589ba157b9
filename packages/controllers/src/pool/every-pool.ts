import type { WorkloadId } from '@boilerhouse/base'
import type { PoolRecord } from '@boilerhouse/resources'
import type { Store } from '@boilerhouse/store'

import { everyItem } from '../every-item.ts'

/** Every pool there is, or every pool of one workload. */
export const everyPool = ({ pools }: Store, workloadId?: WorkloadId): Promise<readonly PoolRecord[]> =>
  everyItem((query) => pools.list({ ...query, ...(workloadId ? { workloadId } : {}) }))
