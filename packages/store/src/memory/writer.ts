import { Fault, type Clock } from '@boilerhouse/base'
import { canTransition, type EventInput } from '@boilerhouse/resources'

import type { Updated, WriteOptions } from '../store.ts'
import type { EventLog, MemoryData } from './memory-data.ts'

/**
 * What every write of the in-memory store shares. A write runs from its first line to its last without awaiting anything, so that
 * nothing comes between its check and its change: that is its lock and its commit.
 */
export interface Writer {
  readonly data: MemoryData
  now(): number
  /** Throws `store.fenced`. */
  checkFence(options: WriteOptions): void
  emit(event: EventInput | undefined): void
}

export interface WriterDeps {
  readonly data: MemoryData
  readonly clock: Clock
  readonly maxEvents: number
}

export function createWriter({ data, clock, maxEvents }: WriterDeps): Writer {
  return {
    data,
    now: () => clock.nowMs(),
    checkFence({ fence }) {
      if (!fence || data.leases.get(fence.controller)?.fence === fence.fence) return
      throw new Fault('store.fenced', `Cannot write with fence ${fence.fence} of ${fence.controller}: it is not the newest`)
    },
    emit(event) {
      if (!event) return
      const { log } = data
      const seq = log.nextSeq++
      const detail = event.data ? structuredClone(event.data) : {}
      log.events.push({ ...event, data: detail, seq, cursor: String(seq), version: 1, timeMs: clock.nowMs() })
      // Cut a quarter at once: dropping one event a write would copy the whole log each time.
      if (log.events.length > maxEvents * 1.25) dropEvents(log, log.events.length - maxEvents)
      for (const wake of log.wakers) wake()
    },
  }
}

/** One compare-and-set with its event: changes a row that is there and as expected, and nothing else. */
export function compareAndSet<Kind>(
  writer: Writer,
  options: WriteOptions,
  row: Kind | undefined,
  isExpected: (row: Kind) => boolean,
  change: (row: Kind) => Kind,
): Updated<Kind> {
  writer.checkFence(options)
  if (row === undefined) return { outcome: 'missing' }
  if (!isExpected(row)) return { outcome: 'conflict', record: row }
  const record = change(row)
  writer.emit(options.event)
  return { outcome: 'ok', record }
}

/** Removes at most `count` of the oldest events, none that a durable reader has yet to read; returns how many. */
export function dropEvents(log: EventLog, count: number): number {
  let dropped = count
  for (const read of log.readers.values()) dropped = Math.min(dropped, read + 1 - log.firstSeq)
  if (dropped <= 0) return 0
  log.events.splice(0, dropped)
  log.firstSeq += dropped
  return dropped
}

/** The states of `from` that the table lets into `to`; throws `machine.unknown_transition` where there is none. */
export function narrowed<State extends string>(
  table: Readonly<Record<State, readonly string[]>>,
  from: readonly State[],
  to: State,
): readonly State[] {
  const allowed = from.filter((state) => canTransition(table, state, to))
  if (allowed.length > 0) return allowed
  throw new Fault('machine.unknown_transition', `Nothing leads from ${from.join(' or ') || 'no state'} to ${to}`)
}
