import type { EventStore } from '@boilerhouse/store'

import type { Database } from './database.ts'
import { expired, formatCursor, isBefore, parseCursor } from './event-cursor.ts'
import { eventReaders } from './event-readers.ts'
import { pruneEvents } from './prune-events.ts'
import { newestEvents, readEvents } from './read-events.ts'
import { insertEvent } from './write.ts'

/** Readers wait this long for transactions that are under way; a longer one is read around, and looked for again soon. */
const settleMs = 50
const heldBackPassMs = 10
const safetyPassMs = 1000

export function createEventStore(db: Database, epoch: number): EventStore {
  const { sql, projectId, call, clock, wakeups } = db
  let isHeldBack = false
  let newestSeen = ''

  async function safetyPass(): Promise<void> {
    const [row] = await sql`select xid::text, seq from events where project_id = ${projectId} order by xid desc, seq desc limit 1`
    const newest = row ? `${row['xid']}.${row['seq']}` : ''
    if (newest === newestSeen) return
    newestSeen = newest
    wakeups.wake()
  }

  return {
    head: () => call('events.head', async () => formatCursor({ xid: await settle(db), seq: '0' }, epoch)),
    read: ({ cursor, limit, filter = {} }) =>
      call('events.read', async () => {
        const from = parseCursor(cursor, epoch)
        let page = await readEvents(db, epoch, { from, limit, filter })
        if (page.isHeldBack && page.items.length < limit) {
          await settle(db)
          page = await readEvents(db, epoch, { from, limit, filter })
        }
        isHeldBack = page.isHeldBack
        if (cursor && (isBefore(from, page.pruned) || BigInt(from.xid) > BigInt(page.xmax))) throw expired()
        const { items, seen } = page
        const last = items.at(-1)
        if (last && items.length === limit) return { items, cursor: last.cursor }
        return { items, cursor: isBefore(from, seen) ? formatCursor(seen, epoch) : (cursor ?? '') }
      }),
    activity: ({ cursor, limit, filter = {} }) =>
      call('events.activity', async () => {
        const before = cursor ? parseCursor(cursor, epoch) : undefined
        const all = await newestEvents(db, epoch, { before, limit: limit + 1, filter })
        const items = all.slice(0, limit)
        const next = all.length > limit ? items.at(-1)?.cursor : undefined
        return { items, ...(next === undefined ? {} : { nextCursor: next }) }
      }),
    append: (event) =>
      call('events.append', async () => {
        await insertEvent(db, event)
        wakeups.wrote()
      }),
    generation: () => wakeups.generation(),
    async wait(seen, timeoutMs, signal) {
      const deadline = clock.monotonicMs() + timeoutMs
      for (let leftMs = timeoutMs; leftMs > 0 && !signal?.aborted; leftMs = deadline - clock.monotonicMs()) {
        const passMs = isHeldBack ? heldBackPassMs : safetyPassMs
        const outcome = await wakeups.wait(seen, Math.min(leftMs, passMs), signal)
        if (outcome === 'woken' || isHeldBack || wakeups.isClosed() || leftMs <= passMs) return
        await safetyPass().catch((error: unknown) => db.log.debug('Cannot look for events', { error }))
      }
    },
    prune: (beforeMs) => call('events.prune', () => pruneEvents(db, beforeMs)),
    readers: eventReaders(db, epoch),
  }
}

/**
 * Resolves when every transaction that was running has ended, or soon after. A row that is committed stays unseen while an older
 * transaction runs: without this, a writer that reads at once would miss its own event, and its end would wake nobody.
 */
async function settle({ sql, clock }: Database): Promise<string> {
  const [first] = await sql`select pg_snapshot_xmax(pg_current_snapshot())::text as xmax`
  for (const deadline = clock.monotonicMs() + settleMs; ; await clock.sleep(1)) {
    const [now] = await sql`
      select pg_snapshot_xmin(pg_current_snapshot())::text as xmin,
        pg_snapshot_xmin(pg_current_snapshot()) >= ${first?.['xmax']}::xid8 as is_settled`
    if (now?.['is_settled'] || clock.monotonicMs() > deadline) return now?.['xmin'] ?? '0'
  }
}
