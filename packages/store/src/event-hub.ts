import { backoffMs, isFault, type Clock, type Logger, type Metrics } from '@boilerhouse/base'
import type { EventRecord } from '@boilerhouse/resources'

import type { EventStore } from './store.ts'

/**
 * The one reader of the event log in a process. It tails `EventStore` from its start and hands each event, in order, to whoever
 * subscribed: controllers' queues, warm hints, waiting claims, streams. Listeners are quick and never throw; a stream that cannot keep
 * up buffers for itself, within a bound.
 */
export interface EventHub {
  /** Starts tailing at the head; whatever is committed once this has resolved will be handed out. */
  start(): Promise<void>
  subscribe(listener: (event: EventRecord) => void): () => void
  /** The cursor after the newest event that was handed out. */
  cursor(): string
  stop(): Promise<void>
}

export interface EventHubDeps {
  readonly events: Pick<EventStore, 'head' | 'read' | 'wait' | 'generation'>
  readonly clock: Clock
  readonly log: Logger
  readonly metrics: Metrics
  readonly batchSize?: number
  /** Under load, reads are this far apart, so that they are not in the way of the claims; the first after a pause is made at once. */
  readonly coalesceMs?: number
  /** The safety pass: reads even where no wake-up came. */
  readonly safetyMs?: number
}

export const createEventHub = (deps: EventHubDeps): EventHub => new TailingEventHub(deps)

const failureBackoff = { firstMs: 50, maxMs: 5000 }

class TailingEventHub implements EventHub {
  readonly #deps: EventHubDeps
  readonly #listeners = new Set<(event: EventRecord) => void>()
  readonly #stopping = new AbortController()
  #cursor = ''
  #started: Promise<void> | undefined
  #tailing: Promise<void> | undefined

  constructor(deps: EventHubDeps) {
    this.#deps = deps
  }

  start(): Promise<void> {
    this.#started ??= this.#begin()
    return this.#started
  }

  subscribe(listener: (event: EventRecord) => void): () => void {
    // A wrapper, so that one function subscribed twice is two subscriptions.
    const own = (event: EventRecord) => listener(event)
    this.#listeners.add(own)
    return () => void this.#listeners.delete(own)
  }

  cursor(): string {
    return this.#cursor
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#started
    await this.#tailing
  }

  async #begin(): Promise<void> {
    this.#cursor = (await this.#persist(() => this.#deps.events.head())) ?? ''
    this.#tailing = this.#tail()
  }

  async #tail(): Promise<void> {
    const { events, clock, batchSize = 500, coalesceMs = 8, safetyMs = 1000 } = this.#deps
    const { signal } = this.#stopping
    while (!signal.aborted) {
      const seen = events.generation()
      const startedMs = clock.monotonicMs()
      const page = await this.#persist(() => readFrom(this.#deps, this.#cursor, batchSize))
      if (!page || !this.#handOut(page.items)) return
      this.#cursor = page.cursor
      if (page.items.length === batchSize) continue
      await this.#persist(() => events.wait(seen, safetyMs, signal))
      const restMs = coalesceMs - (clock.monotonicMs() - startedMs)
      if (restMs > 0) await clock.sleep(restMs, signal)
    }
  }

  /** False where the hub was stopped meanwhile. */
  #handOut(events: readonly EventRecord[]): boolean {
    const { clock, log, metrics } = this.#deps
    for (const event of events) {
      if (this.#stopping.signal.aborted) return false
      for (const listener of this.#listeners) {
        try {
          listener(event)
        } catch (error) {
          log.error('event listener failed', { error, seq: event.seq, type: event.type })
        }
      }
      this.#cursor = event.cursor
      metrics.observe('event_lag_seconds', {}, Math.max(0, clock.nowMs() - event.timeMs) / 1000)
    }
    return !this.#stopping.signal.aborted
  }

  /** Repeats `action` until it resolves; undefined where the hub stops first. */
  async #persist<T>(action: () => Promise<T>): Promise<T | undefined> {
    const { clock, log } = this.#deps
    const { signal } = this.#stopping
    for (let failures = 1; !signal.aborted; failures++) {
      try {
        return await action()
      } catch (error) {
        log.warn('event log cannot be read', { error, failures })
        await clock.sleep(backoffMs(failureBackoff, failures), signal)
      }
    }
    return undefined
  }
}

async function readFrom({ events, log }: EventHubDeps, cursor: string, limit: number): ReturnType<EventStore['read']> {
  try {
    return await events.read({ cursor, limit })
  } catch (error) {
    if (!isFault(error, 'event.cursor_expired')) throw error
    // Retention overtook this process. Controllers look at levels, so what is still there is worth more than standing still.
    log.error('events were lost to this process: retention passed its cursor', { error, cursor })
    return events.read({ limit })
  }
}
