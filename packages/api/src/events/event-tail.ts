import type { EventRecord } from '@boilerhouse/resources'
import type { EventHub } from '@boilerhouse/store'

import { presentEvent } from '../present-event.ts'

export interface TailEntry {
  readonly record: EventRecord
  /** As streams send it; made once, whoever asks first. */
  text(): string
}

/**
 * The newest events, in order, in one ring that all streams read from by position. A stream holds a number, not a buffer, so memory does
 * not grow with slow readers; one whose position has left the ring is too slow.
 */
export class EventTail {
  readonly #ring: (TailEntry | undefined)[]
  readonly #unsubscribe: () => void
  #end = 0
  #changed = Promise.withResolvers<void>()

  constructor(hub: EventHub, size: number) {
    this.#ring = Array.from<TailEntry | undefined>({ length: size })
    this.#unsubscribe = hub.subscribe((record) => this.#push(record))
  }

  /** The position after the newest event. */
  get end(): number {
    return this.#end
  }

  /** The oldest position that is still there. */
  get start(): number {
    return Math.max(0, this.#end - this.#ring.length)
  }

  /** Undefined where the position has left the ring, or is not there yet. */
  at(position: number): TailEntry | undefined {
    return position >= this.start && position < this.#end ? this.#ring[position % this.#ring.length] : undefined
  }

  /** Resolves when an event comes after this call. */
  changed(): Promise<void> {
    return this.#changed.promise
  }

  close(): void {
    this.#unsubscribe()
  }

  #push(record: EventRecord): void {
    let text: string | undefined
    this.#ring[this.#end % this.#ring.length] = { record, text: () => (text ??= JSON.stringify(presentEvent(record))) }
    this.#end++
    const waiting = this.#changed
    this.#changed = Promise.withResolvers<void>()
    waiting.resolve()
  }
}
