import type { Clock } from '@boilerhouse/base'

/** An action that is asked for often and done once for all who asked within `restMs`. */
export interface Soon {
  ask(): void
  /** Resolves once nothing of it runs. */
  settled(): Promise<void>
}

/** `action` handles its own errors; it is not begun once `signal` aborts. */
export function soon(clock: Clock, restMs: number, signal: AbortSignal, action: () => Promise<void> | void): Soon {
  let isAsked = false
  let last = Promise.resolve()
  const rest = async () => {
    await clock.sleep(restMs, signal)
    isAsked = false
    if (!signal.aborted) await action()
  }
  return {
    ask() {
      if (!isAsked) last = rest()
      isAsked = true
    },
    settled: () => last,
  }
}
