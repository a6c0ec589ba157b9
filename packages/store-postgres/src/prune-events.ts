import type { Database } from './database.ts'

/**
 * Removes what is older and what every durable reader has read, and moves the edge before which a cursor is expired, in one
 * transaction. Returns how many.
 */
export function pruneEvents({ sql, projectId }: Database, beforeMs: number): Promise<number> {
  return sql.begin(async (tx) => {
    const [gone] = await tx`
      with gone as (
        delete from events
        where project_id = ${projectId} and time_ms < ${Math.floor(beforeMs)} and xid < pg_snapshot_xmin(pg_current_snapshot())
          and not exists (
            select from event_readers reader
            where reader.project_id = ${projectId} and (reader.xid, reader.seq) < (events.xid, events.seq))
        returning xid, seq
      )
      select (select count(*) from gone) as removed, xid::text, seq::text from gone order by gone.xid desc, gone.seq desc limit 1`
    if (!gone) return 0
    await tx`
      update event_log set pruned_xid = ${gone['xid']}::xid8, pruned_seq = ${gone['seq']}::bigint
      where project_id = ${projectId} and (pruned_xid, pruned_seq) < (${gone['xid']}::xid8, ${gone['seq']}::bigint)`
    return gone['removed']
  })
}
