import type { EventStore } from '@boilerhouse/store'

import type { Database } from './database.ts'
import { formatCursor, parseCursor } from './event-cursor.ts'

/** Durable readers: what they have yet to read, `prune` leaves. */
export function eventReaders({ sql, projectId, call }: Database, epoch: number): EventStore['readers'] {
  return {
    get: (name) =>
      call('event_readers.get', async () => {
        const [row] = await sql`select xid::text, seq::text from event_readers where project_id = ${projectId} and name = ${name}`
        return row && formatCursor({ xid: row['xid'], seq: row['seq'] }, epoch)
      }),
    set: (name, cursor) =>
      call('event_readers.set', async () => {
        const { xid, seq } = parseCursor(cursor, epoch)
        await sql`
          insert into event_readers (project_id, name, xid, seq) values (${projectId}, ${name}, ${xid}::xid8, ${seq}::bigint)
          on conflict (project_id, name) do update set xid = excluded.xid, seq = excluded.seq`
      }),
    remove: (name) =>
      call('event_readers.remove', async () => {
        await sql`delete from event_readers where project_id = ${projectId} and name = ${name}`
      }),
  }
}
