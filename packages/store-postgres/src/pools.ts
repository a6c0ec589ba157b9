import type { PoolId } from '@boilerhouse/base'
import { poolTransitions, sourcesOf } from '@boilerhouse/resources'
import type { PoolStore } from '@boilerhouse/store'

import { json, type Database } from './database.ts'
import { readPageCursor, toPage } from './page.ts'
import { toPool } from './rows.ts'
import { codeOf, foreignKeyViolation } from './store-call.ts'
import { isRevision } from './workloads.ts'
import { checkFence, compareAndSet, fenced, logged } from './write.ts'

export function createPoolStore(db: Database): PoolStore {
  const { sql, projectId, clock, call } = db
  const now = () => Math.floor(clock.nowMs())

  return {
    create: createPool(db),
    get: (id) => call('pools.get', () => findPool(db, id)),
    list: ({ limit, cursor, workloadId }) =>
      call('pools.list', async () => {
        const [after = ''] = readPageCursor(cursor, 1)
        const rows = await sql`
          select * from pools where project_id = ${projectId} and id > ${after}
            ${workloadId === undefined ? sql`` : sql`and workload_id = ${workloadId}`}
          order by id limit ${limit + 1}`
        return toPage(rows, limit, toPool, (row) => [row['id']])
      }),
    update: (id, spec, options) =>
      compareAndSet(db, {
        statement: 'pools.update',
        table: 'pools',
        id,
        set: sql`spec = ${json(sql, spec)}, max_size = ${spec.maxSize}, generation = generation + 1, revision = revision + 1, updated_at = ${now()}`,
        where: sql`workload_id = ${spec.workloadId} and phase <> 'draining' and ${isRevision(db, options.expectedRevision)}`,
        options,
        toRecord: toPool,
      }),
    setStatus: (id, status, options) =>
      compareAndSet(db, {
        statement: 'pools.set_status',
        table: 'pools',
        id,
        set: sql`phase = ${status.phase}, conditions = ${json(sql, status.conditions)}, revision = revision + 1, updated_at = ${now()}`,
        where: sql`phase = any(${[status.phase, ...sourcesOf(poolTransitions, status.phase)]}::text[])`,
        options,
        toRecord: toPool,
      }),
    remove: removePool(db),
  }
}

function createPool(db: Database): PoolStore['create'] {
  const { sql, projectId, clock, call, wakeups } = db
  const now = () => Math.floor(clock.nowMs())
  return ({ id, spec }, options) =>
    call('pools.create', async () => {
      try {
        const [made] = await sql`
          with made as (
            insert into pools (project_id, id, workload_id, spec, max_size, phase, conditions, generation, revision, created_at, updated_at)
            select ${projectId}, ${id}, ${spec.workloadId}, ${json(sql, spec)}::json, ${spec.maxSize}::int, 'filling', '[]'::json, 1, 1,
              ${now()}::bigint, ${now()}::bigint
            where ${fenced(db, options.fence)}
            on conflict do nothing returning *
          ) ${logged(db, options.event, sql`made`)} select * from made`
        if (made) {
          if (options.event) wakeups.wrote()
          return { outcome: 'ok', record: toPool(made) }
        }
      } catch (error) {
        // The foreign key holds also against a deletion of the workload at the same moment.
        if (codeOf(error) === foreignKeyViolation) return { outcome: 'no_workload' }
        throw error
      }
      await checkFence(db, options.fence)
      return { outcome: 'exists' }
    })
}

function removePool(db: Database): PoolStore['remove'] {
  const { sql, projectId, call, wakeups } = db
  return (id, options) =>
    call('pools.remove', async () => {
      const removed = await sql.begin(async (tx) => {
        // Containers are made under this lock: looking for them in a statement after it finds the last one.
        await tx`select from pools where project_id = ${projectId} and id = ${id} for update`
        return await tx`
          with gone as (
            delete from pools p where project_id = ${projectId} and id = ${id} and phase = 'draining'
              and not exists (select from containers c where c.project_id = ${projectId} and c.pool_id = ${id} and c.state <> 'gone')
              and not exists (select from claims c where c.project_id = ${projectId} and c.pool_id = ${id} and c.is_live)
              and ${fenced(db, options.fence)}
            returning 1
          ) ${logged(db, options.event, sql`gone`)} select * from gone`
      })
      if (removed.length > 0) {
        if (options.event) wakeups.wrote()
        return { outcome: 'ok' }
      }
      await checkFence(db, options.fence)
      return { outcome: (await findPool(db, id)) ? 'conflict' : 'missing' }
    })
}

async function findPool({ sql, projectId }: Database, id: PoolId) {
  const [row] = await sql`select * from pools where project_id = ${projectId} and id = ${id}`
  return row && toPool(row)
}
