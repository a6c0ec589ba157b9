import type { ContainerStore } from '@boilerhouse/store'

import { json, type Database } from './database.ts'
import { toContainer } from './rows.ts'
import { checkFence, fenced, logged } from './write.ts'

type Create = ContainerStore['create']

/**
 * Counts and inserts under a lock of the pool's row and, where there is a limit over all pools, of the project. The lock is one
 * statement and the count the next: only then does the count see what the lock's former holder inserted.
 */
export function createContainer(db: Database): Create {
  const { sql, projectId, clock, call, wakeups } = db
  return (input, options) =>
    call('containers.create', async () => {
      const nowMs = Math.floor(clock.nowMs())
      const { maxContainers } = input
      const health = json(sql, { status: 'unknown', failures: 0, history: [] })
      const [row] = await sql.begin(async (tx) => {
        // Sent at once, run in order: the locks and the insert cost one turn-around.
        const [, , made] = await Promise.all([
          tx`select from pools where project_id = ${projectId} and id = ${input.poolId} for no key update`,
          maxContainers === undefined
            ? tx`select`
            : tx`select pg_advisory_xact_lock(hashtextextended(${`${projectId}/containers`}, 0))`,
          tx`
            with pool as (
              select workload_id, phase, max_size,
                (select count(*) from containers c where c.project_id = p.project_id and c.pool_id = p.id and c.state <> 'gone') as live,
                ${maxContainers === undefined ? sql`0` : sql`(select count(*) from containers c where c.project_id = ${projectId} and c.state <> 'gone')`} as live_in_all
              from pools p where project_id = ${projectId} and id = ${input.poolId}
            ), made as (
              insert into containers (project_id, id, pool_id, workload_id, workload_generation, state, health, probed_at, on_demand,
                started_with, revision, created_at, updated_at)
              select ${projectId}, ${input.id}, ${input.poolId}, workload_id, ${input.workloadGeneration}::int, 'starting', ${health}::json, 0,
                ${input.onDemand}::boolean, ${json(sql, input.startedWith)}::json, 1, ${nowMs}::bigint, ${nowMs}::bigint
              from pool where phase <> 'draining' and live < max_size and live_in_all < ${maxContainers ?? 1}::int and ${fenced(db, options.fence)}
              returning *
            ) ${logged(db, options.event, sql`made`)}
            select pool.phase, pool.live >= pool.max_size as is_full, made.* from pool left join made on true`,
        ])
        return made
      })
      if (!row) return { outcome: 'no_pool' }
      if (row['id'] !== null) {
        if (options.event) wakeups.wrote()
        return { outcome: 'ok', record: toContainer(row) }
      }
      await checkFence(db, options.fence)
      if (row['phase'] === 'draining') return { outcome: 'draining' }
      return { outcome: row['is_full'] ? 'full' : 'host_full' }
    })
}
