import type { Clock } from '@boilerhouse/base'

/** Where work that nobody waits for finds its moment: between the binds of claims, which share few cores and one disk with it. */
export interface BindPauses {
  /** Runs a bind. */
  during<T>(bind: () => Promise<T>): Promise<T>
  /**
   * Resolves once no bind has been under way for a moment; where they follow each other without a pause, just after one that ends
   * `patienceMs` later or more. Never later than a few ms after that, whatever hangs; at once where several are under way, which leave no
   * pause: what waited for one would come all together, and 64 callers got a quarter fewer claims.
   */
  next(patienceMs: number): Promise<void>
}

/** Longer than one caller takes from an answer to its next bind. */
const quietMs = 4

export function createBindPauses(clock: Clock): BindPauses {
  let underWay = 0
  let endedMs = Number.NEGATIVE_INFINITY
  let ended = Promise.withResolvers<void>()
  /** What is left of the quiet that has to pass; the whole of it while there is a bind. */
  const restMs = () => {
    if (underWay > 1) return 0
    return underWay === 1 ? quietMs : endedMs + quietMs - clock.monotonicMs()
  }
  return {
    async during(bind) {
      underWay++
      try {
        return await bind()
      } finally {
        underWay--
        endedMs = clock.monotonicMs()
        // After what the claim does in this turn of the loop: its delivery and its answer.
        setImmediate(ended.resolve)
        ended = Promise.withResolvers()
      }
    },
    async next(patienceMs) {
      const latestMs = clock.monotonicMs() + patienceMs
      while (restMs() > 0) {
        const leftMs = latestMs - clock.monotonicMs()
        if (leftMs <= 0) return void (await Promise.race([ended.promise, clock.sleep(quietMs)]))
        await clock.sleep(Math.min(restMs(), leftMs))
      }
    },
  }
}
