import { Fault, type Clock } from '@boilerhouse/base'

interface Bucket {
  tokens: number
  atMs: number
}

const maxBuckets = 10_000

/** A token bucket a key: a minute's worth may come at once, then they come evenly. */
export class RateLimit {
  readonly #clock: Clock
  readonly #buckets = new Map<string, Bucket>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  take(keyId: string, perMinute: number): void {
    const nowMs = this.#clock.monotonicMs()
    const bucket = this.#buckets.get(keyId) ?? { tokens: perMinute, atMs: nowMs }
    const tokens = Math.min(perMinute, bucket.tokens + ((nowMs - bucket.atMs) * perMinute) / 60_000)
    const isAllowed = tokens >= 1
    if (!this.#buckets.has(keyId) && this.#buckets.size >= maxBuckets) this.#buckets.clear()
    this.#buckets.set(keyId, { tokens: isAllowed ? tokens - 1 : tokens, atMs: nowMs })
    if (isAllowed) return
    throw new Fault('request.rate_limited', `The key may make ${perMinute} requests a minute`, {
      retryAfterMs: ((1 - tokens) * 60_000) / perMinute,
    })
  }
}
