import { Fault } from '@boilerhouse/base'
import type { EventInput } from '@boilerhouse/resources'
import type { Fence, Updated, WriteOptions } from '@boilerhouse/store'
import type { Row } from 'postgres'

import type { Fragment, Sql } from './connection.ts'
import { json, text, type Database } from './database.ts'

/**
 * `, logged as (insert into events … from <source>)`: the event is written by the same statement as what it tells, and only where
 * that wrote a row. Empty without an event.
 */
export function logged(db: Database, event: EventInput | undefined, source: Fragment): Fragment {
  const { sql } = db
  return event ? sql`, logged as (${insertEvent(db, event)} from ${source})` : sql``
}

export const insertEvent = ({ sql, projectId, clock }: Database, event: EventInput): Fragment => sql`
  insert into events (project_id, type, version, time_ms, actor, subject, tenant_id, pool_id, container_id, claim_id, revision,
    correlation_id, data)
  select ${projectId}::text, ${event.type}::text, 1, ${Math.floor(clock.nowMs())}::bigint, ${text(event.actor)}::text, ${text(event.subject)}::text,
    ${event.tenantId ?? null}::text, ${event.poolId ?? null}::text, ${event.containerId ?? null}::text, ${event.claimId ?? null}::text,
    ${event.revision ?? null}::int, ${text(event.correlationId)}::text, ${json(sql, event.data ?? {})}::json`

/**
 * A condition of the statement itself, under a shared lock of the lease: whoever takes the lease over waits for this write, and a
 * write that comes after the takeover finds another fence.
 */
export const fenced = ({ sql, projectId }: Database, fence: Fence | undefined): Fragment =>
  fence
    ? sql`exists (select from leases where leases.project_id = ${projectId} and controller = ${fence.controller}
        and fence = ${fence.fence} and holder is not null for share)`
    : sql`true`

/** Tells, after a write that changed no row, whether the fence was the reason. */
export async function checkFence({ sql, projectId }: Database, fence: Fence | undefined): Promise<void> {
  if (!fence) return
  const rows = await sql`select from leases where project_id = ${projectId} and controller = ${fence.controller}
    and fence = ${fence.fence} and holder is not null`
  if (rows.length === 0) throw new Fault('store.fenced', `${fence.controller} is led by another process now`)
}

/** Read when a transaction commits, and set for this one alone: the commit does not wait for the disk. */
const durability = (sql: Sql, options: WriteOptions): Fragment =>
  options.lazy ? sql`, set_config('synchronous_commit', 'off', true) as durability` : sql``

export interface CompareAndSet<Kind> {
  readonly statement: string
  readonly table: 'workloads' | 'pools' | 'containers' | 'claims'
  readonly id: string
  readonly set: Fragment
  readonly where: Fragment
  readonly options: WriteOptions
  readonly toRecord: (row: Row) => Kind
}

/** One object, one statement: the row where it is as expected, and its event. */
export function compareAndSet<Kind>(db: Database, write: CompareAndSet<Kind>): Promise<Updated<Kind>> {
  const { sql, projectId } = db
  const { options, toRecord } = write
  return db.call(write.statement, async () => {
    const [moved] = await sql`
      with moved as (
        update ${sql(write.table)} set ${write.set}
        where project_id = ${projectId} and id = ${write.id} and ${write.where} and ${fenced(db, options.fence)}
        returning *
      ) ${logged(db, options.event, sql`moved`)}
      select moved.* ${durability(sql, options)} from moved`
    if (moved) {
      if (options.event && options.lazy) db.wakeups.wroteOnPath()
      else if (options.event) db.wakeups.wrote()
      return { outcome: 'ok', record: toRecord(moved) }
    }
    await checkFence(db, options.fence)
    const [found] = await sql`select * from ${sql(write.table)} where project_id = ${projectId} and id = ${write.id}`
    return found ? { outcome: 'conflict', record: toRecord(found) } : { outcome: 'missing' }
  })
}
