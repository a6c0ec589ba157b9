import type { Clock } from '@boilerhouse/base'

/** A pass that took 2 ms is not made again within 6: the rest of the time belongs to the claims. */
const restFactor = 3
const longestMs = 250

/** Keeps the passes over one pool apart in proportion to what they cost, however many claims wake it. */
export class Pace {
  readonly #clock: Clock
  readonly #notBefore = new Map<string, number>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  waitMs(key: string): number {
    return Math.max(0, (this.#notBefore.get(key) ?? 0) - this.#clock.monotonicMs())
  }

  async timed<T>(key: string, pass: () => Promise<T>): Promise<T> {
    const startedAt = this.#clock.monotonicMs()
    try {
      return await pass()
    } finally {
      const now = this.#clock.monotonicMs()
      this.#notBefore.set(key, now + Math.min(longestMs, (now - startedAt) * restFactor))
    }
  }
}
