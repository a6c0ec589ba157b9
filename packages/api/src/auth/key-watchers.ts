import type { Clock } from '@boilerhouse/base'

/** What outlives its request (a stream) is ended with its key: told at once where the revocation is seen, else found by looking. */
export class KeyWatchers {
  readonly #ends = new Map<string, Set<() => void>>()

  /** Calls `end` once the key is dead; the returned function stops watching. */
  watch(keyId: string, end: () => void): () => void {
    const ends = this.#ends.get(keyId) ?? new Set()
    this.#ends.set(keyId, ends.add(end))
    return () => {
      ends.delete(end)
      if (ends.size === 0 && this.#ends.get(keyId) === ends) this.#ends.delete(keyId)
    }
  }

  endAll(keyId: string): void {
    const ends = this.#ends.get(keyId)
    this.#ends.delete(keyId)
    ends?.forEach((end) => end())
  }

  /** Looks at every watched key again and again, for what expired or was revoked by a process whose event is late. */
  async look(options: {
    readonly clock: Clock
    readonly everyMs: number
    readonly isDead: (keyId: string) => Promise<boolean>
    readonly signal: AbortSignal
  }): Promise<void> {
    for (;;) {
      await options.clock.sleep(options.everyMs, options.signal)
      if (options.signal.aborted) return
      for (const keyId of this.#ends.keys()) {
        // A store that does not answer ends nobody's stream.
        const isDead = await options.isDead(keyId).catch(() => false)
        if (isDead) this.endAll(keyId)
      }
    }
  }
}
