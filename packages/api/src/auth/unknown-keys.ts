import { Fault, type Clock } from '@boilerhouse/base'

export interface UnknownKeysLimits {
  /** Lookups that may come at once. */
  readonly burst: number
  readonly perSecond: number
  /** How long a hash that the store does not have is remembered. */
  readonly rememberMs: number
  readonly maxRemembered: number
}

const defaults: UnknownKeysLimits = { burst: 200, perSecond: 100, rememberMs: 1_000, maxRemembered: 1_000 }

/**
 * What strangers may make the store look up: a hash that it did not have is not asked about again for a moment, and those never seen
 * come from one bucket of the process. Keys that this process has seen, or was told of when they were made, do not pass here.
 */
export class UnknownKeys {
  readonly #clock: Clock
  readonly #limits: UnknownKeysLimits
  readonly #untilMs = new Map<string, number>()
  #tokens: number
  #atMs: number

  constructor(clock: Clock, limits: Partial<UnknownKeysLimits> = {}) {
    this.#clock = clock
    this.#limits = { ...defaults, ...limits }
    this.#tokens = this.#limits.burst
    this.#atMs = clock.monotonicMs()
  }

  /** Whether the store said a moment ago that it does not have it. */
  has(hash: string): boolean {
    const untilMs = this.#untilMs.get(hash)
    if (untilMs === undefined) return false
    if (untilMs > this.#clock.monotonicMs()) return true
    this.#untilMs.delete(hash)
    return false
  }

  add(hash: string): void {
    const [oldest] = this.#untilMs.keys()
    if (oldest !== undefined && this.#untilMs.size >= this.#limits.maxRemembered) this.#untilMs.delete(oldest)
    this.#untilMs.set(hash, this.#clock.monotonicMs() + this.#limits.rememberMs)
  }

  /** Before a lookup. Throws `request.rate_limited`. */
  take(): void {
    const { burst, perSecond } = this.#limits
    const nowMs = this.#clock.monotonicMs()
    this.#tokens = Math.min(burst, this.#tokens + ((nowMs - this.#atMs) * perSecond) / 1000)
    this.#atMs = nowMs
    if (this.#tokens < 1) {
      throw new Fault('request.rate_limited', 'Too many keys that nobody knows are tried', {
        retryAfterMs: ((1 - this.#tokens) * 1000) / perSecond,
      })
    }
    this.#tokens -= 1
  }
}
