import type { Clock } from '@boilerhouse/base'

/**
 * A pass that took 3 ms is not made again within 24: the rest of the time belongs to the claims, each of which wakes it. Measured: a
 * bind beside a pass takes 2 to 3 times as long as one alone (docs/performance.md).
 */
const restFactor = 8
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
