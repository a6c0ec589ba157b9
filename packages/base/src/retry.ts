import { backoffMs, type BackoffPolicy } from './backoff.ts'
import type { Clock } from './clock.ts'

export interface RetryOptions extends BackoffPolicy {
  readonly clock: Clock
  readonly attempts: number
  readonly signal?: AbortSignal
  /** Says whether this error is worth another attempt; every error is, where not given. */
  readonly isRetryable?: (error: unknown) => boolean
}

/** Calls `action` until it resolves, its error is not retryable, the attempts are used up or `signal` aborts; throws the last error. */
export async function retry<T>(action: (attempt: number) => Promise<T>, options: RetryOptions): Promise<T> {
  const { clock, attempts, signal, isRetryable = () => true } = options
  for (let attempt = 1; ; attempt++) {
    try {
      return await action(attempt)
    } catch (error) {
      if (attempt >= attempts || signal?.aborted || !isRetryable(error)) throw error
      await clock.sleep(backoffMs(options, attempt), signal)
      if (signal?.aborted) throw error
    }
  }
}
