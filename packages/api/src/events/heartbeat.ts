import type { Clock } from '@boilerhouse/base'

/** Keeps a quiet connection open through proxies, and lets a dead one be noticed. */
export async function heartbeat(clock: Clock, everyMs: number, signal: AbortSignal, beat: () => void): Promise<void> {
  for (;;) {
    await clock.sleep(everyMs, signal)
    if (signal.aborted) return
    beat()
  }
}
