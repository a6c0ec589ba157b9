/**
 * The only source of time. `nowMs` is wall time (may jump); `monotonicMs` never goes back and is for durations and deadlines
 * inside one process. Tests pass a fake that moves by hand.
 */
export interface Clock {
  /** Milliseconds since the Unix epoch. */
  nowMs(): number
  /** Milliseconds since an arbitrary start; fractions are kept. */
  monotonicMs(): number
  /** Resolves after `ms`, or at once when `signal` aborts. Never rejects. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
}

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  async sleep(ms, signal) {
    await timer(Math.min(Math.max(ms, 0), maxTimerMs), signal)
    if (ms > maxTimerMs && !signal?.aborted) await systemClock.sleep(ms - maxTimerMs, signal)
  },
}

/** A longer timer fires at once. */
const maxTimerMs = 2_147_483_647

const timer = (ms: number, signal: AbortSignal | undefined): Promise<void> =>
  new Promise((resolve) => {
    if (signal?.aborted) return resolve()
    const end = () => {
      clearTimeout(id)
      signal?.removeEventListener('abort', end)
      resolve()
    }
    const id = setTimeout(end, ms)
    signal?.addEventListener('abort', end, { once: true })
  })
