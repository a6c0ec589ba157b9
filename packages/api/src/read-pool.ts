import type { PoolId } from '@boilerhouse/base'
import type { Pool, PoolRecord } from '@boilerhouse/resources'

import type { RouteDeps } from './deps.ts'
import { found } from './found.ts'
import { presentPool } from './present-pool.ts'

export const readPool = async (id: string, { store }: RouteDeps): Promise<PoolRecord> =>
  found('pool', id, await store.pools.get(id as PoolId))

/** With its containers counted, as the API shows it. */
export async function showPool(record: PoolRecord, { store, hitRates }: RouteDeps): Promise<Pool> {
  const counts = await store.containers.counts(record.id)
  return presentPool(record, counts.get(record.id), hitRates.of(record.id))
}
