/**
 * Wakes whoever waits for a key. Waiting is by event, never by polling; a wake that comes before the wait is kept as a
 * generation number, so `wait(key, seen)` with an old number returns at once.
 */
export class Wakeup<Key extends string> {
  readonly #generations = new Map<Key, number>()
  readonly #waiters = new Map<Key, Set<() => void>>()

  /** The number to pass to `wait` after looking at the world. */
  current(key: Key): number {
    return this.#generations.get(key) ?? 0
  }

  wake(key: Key): void {
    this.#generations.set(key, this.current(key) + 1)
    const waiters = this.#waiters.get(key)
    this.#waiters.delete(key)
    waiters?.forEach((resolve) => resolve())
  }

  /** Resolves when the key was woken after `seen`, after `timeoutMs`, or when `signal` aborts. Never rejects. */
  wait(key: Key, seen: number, timeoutMs: number, signal?: AbortSignal): Promise<'woken' | 'timeout'> {
    if (this.current(key) !== seen) return Promise.resolve('woken')
    if (signal?.aborted) return Promise.resolve('timeout')
    return new Promise((resolve) => {
      const waiters = this.#waiters.get(key) ?? new Set()
      this.#waiters.set(key, waiters)
      const end = (how: 'woken' | 'timeout') => {
        clearTimeout(timer)
        signal?.removeEventListener('abort', onAbort)
        waiters.delete(onWake)
        resolve(how)
      }
      const onWake = () => end('woken')
      const onAbort = () => end('timeout')
      const timer = setTimeout(onAbort, timeoutMs)
      signal?.addEventListener('abort', onAbort, { once: true })
      waiters.add(onWake)
    })
  }
}
