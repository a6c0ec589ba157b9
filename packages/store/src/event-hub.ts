import type { EventRecord } from '@boilerhouse/resources'

/**
 * The one reader of the event log in a process. It tails `EventStore` from its start and hands each event, in order, to whoever
 * subscribed: controllers' queues, warm hints, waiting claims, streams. Listeners are quick and never throw; a stream that cannot keep
 * up buffers for itself, within a bound.
 */
export interface EventHub {
  /** Starts tailing; resolves once everything committed before the call will be, or has been, handed out. */
  start(): Promise<void>
  subscribe(listener: (event: EventRecord) => void): () => void
  /** The cursor after the newest event that was handed out. */
  cursor(): string
  stop(): Promise<void>
}
