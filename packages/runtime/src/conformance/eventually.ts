import { systemClock } from '@boilerhouse/base'

/** Polls, since what happens outside the runtime has no event the suite could wait for. */
export async function eventually<T>(look: () => Promise<T> | T, isDone: (value: T) => boolean, withinMs = 10_000): Promise<T> {
  const until = systemClock.monotonicMs() + withinMs
  for (;;) {
    const value = await look()
    if (isDone(value) || systemClock.monotonicMs() > until) return value
    await systemClock.sleep(20)
  }
}
