import type { Clock } from './clock.ts'

const maxKeys = 10_000

/**
 * Wakes whoever waits for a key. Waiting is by event, never by polling; a wake that comes before the wait is kept as a
 * generation number, so `wait(key, seen)` with an old number returns at once.
 */
export class Wakeup<Key extends string> {
  readonly #clock: Clock
  readonly #generations = new Map<Key, number>()
  /** The number of every key that `#generations` does not hold. */
  #floor = 0
  #last = 0
  readonly #waiters = new Map<Key, Set<() => void>>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** The number to pass to `wait`, taken before looking at the world. */
  current(key: Key): number {
    return this.#generations.get(key) ?? this.#floor
  }

  wake(key: Key): void {
    // Keys come and go for ever. Forgetting them all raises the number of each, which wakes somebody too early, never too late.
    if (this.#generations.size >= maxKeys) {
      this.#generations.clear()
      this.#floor = ++this.#last
    }
    this.#generations.set(key, ++this.#last)
    const waiters = this.#waiters.get(key)
    this.#waiters.delete(key)
    waiters?.forEach((resolve) => resolve())
  }

  /** Resolves when the key was woken after `seen`, after `timeoutMs`, or when `signal` aborts. Never rejects. */
  async wait(key: Key, seen: number, timeoutMs: number, signal?: AbortSignal): Promise<'woken' | 'timeout'> {
    if (this.current(key) !== seen) return 'woken'
    if (signal?.aborted) return 'timeout'
    const waiters = this.#waiters.get(key) ?? new Set()
    this.#waiters.set(key, waiters)
    const woken = Promise.withResolvers<'woken'>()
    const onWake = () => woken.resolve('woken')
    waiters.add(onWake)
    const timer = new AbortController()
    const timeout = this.#clock
      .sleep(timeoutMs, signal ? AbortSignal.any([signal, timer.signal]) : timer.signal)
      .then(() => 'timeout' as const)
    try {
      return await Promise.race([woken.promise, timeout])
    } finally {
      timer.abort()
      waiters.delete(onWake)
      if (waiters.size === 0 && this.#waiters.get(key) === waiters) this.#waiters.delete(key)
    }
  }
}
