import { Fault } from '@boilerhouse/base'
import type { WorkloadRecord } from '@boilerhouse/resources'
import type { WorkloadStore } from '@boilerhouse/store'

import { json, text, type Database } from './database.ts'
import { buildLogs } from './build-logs.ts'
import { readPageCursor, toPage } from './page.ts'
import { toWorkload } from './rows.ts'
import { codeOf, foreignKeyViolation } from './store-call.ts'
import { checkFence, compareAndSet, fenced, logged } from './write.ts'

export function createWorkloadStore(db: Database): WorkloadStore {
  const { sql, projectId, clock, call } = db
  const now = () => Math.floor(clock.nowMs())

  return {
    create: createWorkload(db),
    get: (id) => call('workloads.get', () => findWorkload(db, id)),
    list: ({ limit, cursor }) =>
      call('workloads.list', async () => {
        const [after = ''] = readPageCursor(cursor, 1)
        const rows = await sql`
          select * from workloads where project_id = ${projectId} and id > ${after} order by id limit ${limit + 1}`
        return toPage(rows, limit, toWorkload, (row) => [row['id']])
      }),
    update: (id, spec, options) =>
      compareAndSet(db, {
        statement: 'workloads.update',
        table: 'workloads',
        id,
        set: sql`spec = ${json(sql, spec)}, status = ${json(sql, { state: 'creating' })}, generation = generation + 1,
          revision = revision + 1, updated_at = ${now()}`,
        where: isRevision(db, options.expectedRevision),
        options,
        toRecord: toWorkload,
      }),
    setStatus: (id, generation, status, options) =>
      compareAndSet(db, {
        statement: 'workloads.set_status',
        table: 'workloads',
        id,
        set: sql`status = ${json(sql, { ...status, ...(status.reason === undefined ? {} : { reason: text(status.reason) }) })},
          revision = revision + 1, updated_at = ${now()}`,
        where: sql`generation = ${generation}`,
        options,
        toRecord: toWorkload,
      }),
    delete: deleteWorkload(db),
    ...buildLogs(db),
  }
}

function createWorkload(db: Database): WorkloadStore['create'] {
  const { sql, projectId, clock, call, wakeups } = db
  const now = () => Math.floor(clock.nowMs())
  return ({ id, spec }, options) =>
    call('workloads.create', async () => {
      const [made] = await sql`
        with made as (
          insert into workloads (project_id, id, spec, status, generation, revision, created_at, updated_at)
          select ${projectId}, ${id}, ${json(sql, spec)}::json, ${json(sql, { state: 'creating' })}::json, 1, 1, ${now()}::bigint, ${now()}::bigint
          where ${fenced(db, options.fence)}
          on conflict do nothing returning *
        ) ${logged(db, options.event, sql`made`)} select * from made`
      if (!made) {
        await checkFence(db, options.fence)
        return { outcome: 'exists' }
      }
      if (options.event) wakeups.wrote()
      return { outcome: 'ok', record: toWorkload(made) }
    })
}

function deleteWorkload(db: Database): WorkloadStore['delete'] {
  const { sql, projectId, call, wakeups } = db
  return (id, options) =>
    call('workloads.delete', async () => {
      try {
        const gone = await sql`
          with gone as (
            delete from workloads where project_id = ${projectId} and id = ${id}
              and ${isRevision(db, options.expectedRevision)} and ${fenced(db, options.fence)}
            returning 1
          ) ${logged(db, options.event, sql`gone`)} select * from gone`
        if (gone.length > 0) {
          if (options.event) wakeups.wrote()
          return { outcome: 'ok' }
        }
      } catch (error) {
        if (codeOf(error) === foreignKeyViolation) return { outcome: 'in_use' }
        throw error
      }
      await checkFence(db, options.fence)
      return { outcome: (await findWorkload(db, id)) ? 'conflict' : 'missing' }
    })
}

async function findWorkload({ sql, projectId }: Database, id: string): Promise<WorkloadRecord | undefined> {
  const [row] = await sql`select * from workloads where project_id = ${projectId} and id = ${id}`
  return row && toWorkload(row)
}

export function isRevision({ sql }: Database, expected: number | undefined) {
  if (expected !== undefined && !Number.isSafeInteger(expected)) {
    throw new Fault('request.invalid', `No object has the revision ${expected}`)
  }
  return expected === undefined ? sql`true` : sql`revision = ${expected}`
}
