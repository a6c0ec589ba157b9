import type { EventRecord } from '@boilerhouse/resources'
import type { EventFilter } from '@boilerhouse/store'

import type { Fragment } from './connection.ts'
import type { Database } from './database.ts'
import { beginning, formatCursor, type EventPlace } from './event-cursor.ts'
import { toEvent } from './rows.ts'

export interface EventLogPage {
  readonly items: readonly EventRecord[]
  /** Everything up to here is gone. */
  readonly pruned: EventPlace
  /** The newest event that no late committer can precede. */
  readonly seen: EventPlace
  /** The next transaction's id: no cursor of this log is beyond it. */
  readonly xmax: string
  /** Committed events wait for an older transaction that still runs. */
  readonly isHeldBack: boolean
}

/**
 * Rows and the log's edges in one statement, hence in one snapshot: with two, a retention between them would pass for an empty log.
 * A cursor by sequence alone skips late committers; ordering by (xid, seq) below the oldest running transaction does not.
 */
export async function readEvents(
  { sql, projectId }: Database,
  epoch: number,
  query: { readonly from: EventPlace; readonly limit: number; readonly filter: EventFilter },
): Promise<EventLogPage> {
  const { from, limit, filter } = query
  const rows = await sql`
    select log.*, e.*, e.xid::text as xid_text
    from (
      select pruned_xid::text, pruned_seq::text, seen.xid::text as seen_xid, seen.seq::text as seen_seq,
        pg_snapshot_xmax(pg_current_snapshot())::text as xmax,
        exists (select from events where project_id = ${projectId} and xid >= pg_snapshot_xmin(pg_current_snapshot())) as is_held_back
      from event_log left join lateral (
        select xid, seq from events where project_id = ${projectId} and xid < pg_snapshot_xmin(pg_current_snapshot())
        order by xid desc, seq desc limit 1
      ) seen on true
      where event_log.project_id = ${projectId}
    ) log left join lateral (
      select * from events
      where project_id = ${projectId} and (xid, seq) > (${from.xid}::xid8, ${from.seq}::bigint)
        and xid < pg_snapshot_xmin(pg_current_snapshot()) ${matching(sql, filter)}
      order by xid, seq limit ${limit}
    ) e on true
    order by e.xid, e.seq`
  const [log] = rows
  return {
    items: rows.filter((row) => row['xid_text'] !== null).map((row) => toEvent(row, cursorOf(row, epoch))),
    pruned: { xid: log?.['pruned_xid'] ?? '0', seq: log?.['pruned_seq'] ?? '0' },
    seen: log?.['seen_xid'] ? { xid: log['seen_xid'], seq: log['seen_seq'] } : beginning,
    xmax: log?.['xmax'] ?? '0',
    isHeldBack: log?.['is_held_back'] ?? false,
  }
}

/** The activity log shows what is committed, be it held back from readers or not: nobody resumes from it. */
export async function newestEvents(
  { sql, projectId }: Database,
  epoch: number,
  query: { readonly before: EventPlace | undefined; readonly limit: number; readonly filter: EventFilter },
): Promise<readonly EventRecord[]> {
  const { before, limit, filter } = query
  const rows = await sql`
    select *, xid::text as xid_text from events where project_id = ${projectId}
      ${before ? sql`and (xid, seq) < (${before.xid}::xid8, ${before.seq}::bigint)` : sql``} ${matching(sql, filter)}
    order by xid desc, seq desc limit ${limit}`
  return rows.map((row) => toEvent(row, cursorOf(row, epoch)))
}

const cursorOf = (row: Readonly<Record<string, unknown>>, epoch: number): string =>
  formatCursor({ xid: String(row['xid_text']), seq: String(row['seq']) }, epoch)

function matching(sql: Database['sql'], filter: EventFilter): Fragment {
  const { tenantId, poolId, types, subject, fromMs, toMs } = filter
  return sql`
    ${tenantId === undefined ? sql`` : sql`and tenant_id = ${tenantId}`}
    ${poolId === undefined ? sql`` : sql`and pool_id = ${poolId}`}
    ${types === undefined ? sql`` : sql`and type = any(${[...types]}::text[])`}
    ${subject === undefined ? sql`` : sql`and subject = ${subject}`}
    ${fromMs === undefined ? sql`` : sql`and time_ms >= ${Math.floor(fromMs)}`}
    ${toMs === undefined ? sql`` : sql`and time_ms < ${Math.floor(toMs)}`}`
}
