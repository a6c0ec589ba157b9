import type { EventFilter, EventStore } from '@boilerhouse/store'

import { presentEvent } from '../present-event.ts'
import { matches } from './event-query.ts'
import type { EventTail } from './event-tail.ts'

/** Where a stream goes to: a WebSocket or an SSE answer. */
export interface EventSink {
  /** One event; `cursor` is what to resume after. */
  send(text: string, cursor: string): void
  /** Told once, at the beginning: where the stream starts. */
  ready(cursor: string): void
  /** Undefined while the reader keeps up; else resolves when it has caught up. */
  blocked(): Promise<void> | undefined
}

export interface StreamInput {
  readonly events: EventStore
  readonly tail: EventTail
  /** The cursor after the newest event that the tail got. */
  readonly headCursor: () => string
  readonly filter: EventFilter
  readonly cursor: string | undefined
  readonly sink: EventSink
  readonly signal: AbortSignal
}

export interface StreamEnd {
  readonly reason: 'aborted' | 'slow_reader'
  readonly cursor: string
}

const pageSize = 500
/** Events a hub may be behind the store when the two meet; it reads pages of the same log, so it is never far. */
const maxRemembered = 20_000

interface Position {
  cursor: string
  next: number
  /** Sent from the store, and perhaps still to come through the tail. */
  readonly remembered: Set<number>
}

/**
 * Sends every matching event after `cursor`, each once, in order: first from the store, then live. The position in the tail is taken
 * *before* each read of the store: once a read finds nothing more, all that came before that position has been read, and whatever comes
 * after it is told by the tail; what both tell is known by its number.
 *
 * A reader is slow where the ring went past while the reader held the stream up. A burst larger than the ring, handed out in one go,
 * overtakes a reader that keeps up too: that stream goes on from the store.
 */
export async function streamEvents(input: StreamInput): Promise<StreamEnd> {
  const { tail, headCursor, cursor, sink, signal } = input
  const position: Position = { cursor: cursor ?? headCursor(), next: tail.end, remembered: new Set() }
  sink.ready(position.cursor)
  if (cursor !== undefined) await meetTail(input, position, 'patient')
  while (!signal.aborted) {
    const isInTime = position.next < tail.start ? await meetTail(input, position, 'live') : await goOn(input, position)
    if (!isInTime) return { reason: 'slow_reader', cursor: position.cursor }
  }
  return { reason: 'aborted', cursor: position.cursor }
}

/** A reader that resumes is waited for, however long; one that was live no longer than the ring lasts. */
type Patience = 'patient' | 'live'

/** Catching up may take longer than the ring lasts, which is no fault of the reader: then it is done again from where it got to. */
async function meetTail(input: StreamInput, position: Position, patience: Patience): Promise<boolean> {
  do {
    if (!(await catchUp(input, position, patience))) return false
  } while (position.next < input.tail.start && !input.signal.aborted)
  return true
}

async function catchUp(input: StreamInput, position: Position, patience: Patience): Promise<boolean> {
  const { events, tail, filter, sink, signal } = input
  while (!signal.aborted) {
    position.next = tail.end
    const page = await events.read({ cursor: position.cursor, limit: pageSize, filter })
    for (const record of page.items) {
      if (signal.aborted) return true
      sink.send(JSON.stringify(presentEvent(record)), record.cursor)
      remember(position.remembered, record.seq)
      position.cursor = record.cursor
      const blocked = sink.blocked()
      if (blocked && !(await keepsUp(input, blocked, patience === 'live' ? tail.end : undefined))) return false
    }
    position.cursor = page.cursor
    if (page.items.length < pageSize) return true
  }
  return true
}

/** Sends what the tail has, and waits for more; returns early where the burst was larger than the ring. */
async function goOn(input: StreamInput, position: Position): Promise<boolean> {
  const { tail, filter, sink, signal } = input
  const changed = tail.changed()
  for (let entry = tail.at(position.next); entry && !signal.aborted; entry = tail.at(position.next)) {
    const { record } = entry
    position.next++
    if (matches(filter, record)) {
      if (position.remembered.delete(record.seq)) continue
      // Both tell the same order: after the first event that the store did not tell, there is nothing left to remember.
      position.remembered.clear()
      sink.send(entry.text(), record.cursor)
    }
    if (position.remembered.size === 0) position.cursor = record.cursor
    const blocked = sink.blocked()
    if (blocked && !(await keepsUp(input, blocked, position.next))) return false
  }
  if (position.next === tail.end && !signal.aborted) await orAborted(changed, signal)
  return true
}

/** Waits for the reader; false once the ring has gone past `from`, so that one that never reads is not waited for for ever. */
async function keepsUp({ tail, signal }: StreamInput, blocked: Promise<void>, from: number | undefined): Promise<boolean> {
  let isBlocked = true
  const freed = blocked.then(() => void (isBlocked = false))
  while (isBlocked && !signal.aborted) {
    if (from !== undefined && from < tail.start) return false
    await orAborted(from === undefined ? freed : Promise.race([freed, tail.changed()]), signal)
  }
  return true
}

function remember(remembered: Set<number>, seq: number): void {
  remembered.add(seq)
  if (remembered.size <= maxRemembered) return
  const [oldest] = remembered
  if (oldest !== undefined) remembered.delete(oldest)
}

async function orAborted(wait: Promise<void>, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return
  const aborted = Promise.withResolvers<void>()
  const onAbort = () => aborted.resolve()
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    await Promise.race([wait, aborted.promise])
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}
