import type { PoolId } from '@boilerhouse/base'
import type { NetworkStore } from '@boilerhouse/store'

import type { Database } from './database.ts'
import { codeOf, uniqueViolation } from './store-call.ts'

export function createNetworkStore({ sql, projectId, call }: Database): NetworkStore {
  return {
    all: () =>
      call('networks.all', async () => {
        const rows = await sql<{ pool_id: PoolId; subnet: string }[]>`
          select pool_id, subnet from networks where project_id = ${projectId} order by pool_id`
        return new Map(rows.map((row) => [row.pool_id, row.subnet]))
      }),
    assign: (poolId, subnet) =>
      call('networks.assign', async () => {
        const inserted = await sql`
          insert into networks (project_id, pool_id, subnet) values (${projectId}, ${poolId}, ${subnet})
          on conflict do nothing returning 1`
        if (inserted.length > 0) return { outcome: 'ok', subnet }
        const [own] = await sql`select subnet from networks where project_id = ${projectId} and pool_id = ${poolId}`
        return own ? { outcome: 'ok', subnet: own['subnet'] } : { outcome: 'taken' }
      }),
    replace: (poolId, from, to) =>
      call('networks.replace', async () => {
        try {
          const rows = await sql`
            update networks set subnet = ${to} where project_id = ${projectId} and pool_id = ${poolId} and subnet = ${from} returning 1`
          return { outcome: rows.length > 0 ? 'ok' : 'conflict' }
        } catch (error) {
          if (codeOf(error) === uniqueViolation) return { outcome: 'taken' }
          throw error
        }
      }),
    remove: (poolId) =>
      call('networks.remove', async () => {
        await sql`delete from networks where project_id = ${projectId} and pool_id = ${poolId}`
      }),
  }
}
