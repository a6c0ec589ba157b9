import { Fault, type Wakeup } from '@boilerhouse/base'
import type { EventRecord } from '@boilerhouse/resources'

import type { EventFilter, EventStore } from '../store.ts'
import type { EventLog } from './memory-data.ts'
import { dropEvents, type Writer } from './writer.ts'

/** The cursor is the number of the last event that was read, 0 before the first. */
export function createEventStore(writer: Writer, wakeup: Wakeup<'events'>): EventStore {
  const { log } = writer.data
  return {
    head: async () => String(log.nextSeq - 1),
    async read({ cursor = '', limit, filter }) {
      const after = cursor === '' ? log.firstSeq - 1 : positionOf(log, cursor)
      if (after + 1 < log.firstSeq) throw new Fault('event.cursor_expired', `Events after ${cursor} were removed`)
      const items: EventRecord[] = []
      let at = after
      for (; at + 1 < log.nextSeq && items.length < limit; at++) {
        const event = log.events[at + 1 - log.firstSeq]
        if (event && fits(event, filter)) items.push(event)
      }
      return { items, cursor: String(at) }
    },
    async activity({ cursor, limit, filter }) {
      let seq = cursor === undefined ? log.nextSeq : positionOf(log, cursor)
      const items: EventRecord[] = []
      while (--seq >= log.firstSeq && items.length <= limit) {
        const event = log.events[seq - log.firstSeq]
        if (event && fits(event, filter)) items.push(event)
      }
      const page = items.slice(0, limit)
      const last = page.at(-1)
      return { items: page, ...(last && items.length > limit ? { nextCursor: last.cursor } : {}) }
    },
    append: async (event) => writer.emit(event),
    async wait(seen, timeoutMs, signal) {
      await wakeup.wait('events', seen, timeoutMs, signal)
    },
    generation: () => wakeup.current('events'),
    async prune(beforeMs) {
      const kept = log.events.findIndex((event) => event.timeMs >= beforeMs)
      return dropEvents(log, kept === -1 ? log.events.length : kept)
    },
    readers: {
      async get(name) {
        const read = log.readers.get(name)
        return read === undefined ? undefined : String(read)
      },
      async set(name, cursor) {
        log.readers.set(name, cursor === '' ? log.firstSeq - 1 : positionOf(log, cursor))
      },
      async remove(name) {
        log.readers.delete(name)
      },
    },
  }
}

function positionOf(log: EventLog, cursor: string): number {
  const position = /^\d{1,15}$/.test(cursor) ? Number(cursor) : log.nextSeq
  if (position < log.nextSeq) return position
  throw new Fault('request.invalid', 'The cursor is not one that was given out', {
    errors: [{ pointer: '/cursor', detail: 'must be a cursor of this log' }],
  })
}

function fits(event: EventRecord, filter: EventFilter | undefined): boolean {
  if (!filter) return true
  const { tenantId, poolId, types, subject, fromMs, toMs } = filter
  return (
    (tenantId === undefined || event.tenantId === tenantId) &&
    (poolId === undefined || event.poolId === poolId) &&
    (types === undefined || types.includes(event.type)) &&
    (subject === undefined || event.subject === subject) &&
    (fromMs === undefined || event.timeMs >= fromMs) &&
    (toMs === undefined || event.timeMs < toMs)
  )
}
