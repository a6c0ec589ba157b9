import type { WorkloadId } from '@boilerhouse/base'
import type { PoolRecord } from '@boilerhouse/resources'
import type { Store } from '@boilerhouse/store'

const pageSize = 500

/** Every pool there is, or every pool of one workload. */
export async function everyPool(store: Store, workloadId?: WorkloadId): Promise<readonly PoolRecord[]> {
  const pools: PoolRecord[] = []
  for (let cursor: string | undefined; ;) {
    const page = await store.pools.list({ limit: pageSize, ...(cursor ? { cursor } : {}), ...(workloadId ? { workloadId } : {}) })
    pools.push(...page.items)
    if (page.nextCursor === undefined) return pools
    cursor = page.nextCursor
  }
}
