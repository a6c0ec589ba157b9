import type { Clock } from '@boilerhouse/base'

/** More keys than anybody waits for at once; one that is forgotten is only waited for anew. */
const maxKeys = 10_000

/**
 * Tells the living from the dead without a clock in common: what another process changes as long as it lives (its beat) stood still for
 * so long, by this process's own monotonic clock since it first saw it. No jump of a wall clock shortens or lengthens that.
 */
export class Sightings {
  readonly #clock: Clock
  readonly #seen = new Map<string, { readonly beat: string; readonly atMs: number }>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** 0 where this process sees the beat for the first time. */
  stoodStillMs(key: string, beat: string): number {
    const nowMs = this.#clock.monotonicMs()
    const seen = this.#seen.get(key)
    if (seen?.beat === beat) return nowMs - seen.atMs
    this.#seen.delete(key)
    this.#seen.set(key, { beat, atMs: nowMs })
    for (const oldest of this.#seen.keys()) {
      if (this.#seen.size <= maxKeys) break
      this.#seen.delete(oldest)
    }
    return 0
  }

  forget(key: string): void {
    this.#seen.delete(key)
  }
}
