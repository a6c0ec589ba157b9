import type { Transaction } from './connection.ts'

/**
 * Transaction ids belong to the database cluster that gave them: in another one, events of "later" transactions would stay unseen. They
 * keep their order under the one id 1, which no transaction ever has; durable readers keep their place; `epoch` expires other cursors.
 */
export async function renumberEvents(tx: Transaction): Promise<void> {
  await tx`
    update event_readers reader set xid = '1', seq = (
      select count(*) from events where events.project_id = reader.project_id and (events.xid, events.seq) <= (reader.xid, reader.seq))`
  await tx`
    with numbered as (
      select project_id, xid, seq, row_number() over (partition by project_id order by xid, seq) as place from events
    )
    update events set xid = '1', seq = numbered.place from numbered
    where events.project_id = numbered.project_id and events.xid = numbered.xid and events.seq = numbered.seq`
  await tx`update event_log set pruned_xid = '0', pruned_seq = 0, epoch = epoch + 1`
  await tx`select setval(pg_get_serial_sequence('events', 'seq'), (select coalesce(max(seq), 0) + 1 from events))`
}
