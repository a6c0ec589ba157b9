export interface BackoffPolicy {
  readonly firstMs: number
  readonly maxMs: number
  /** How much longer each wait is than the one before; 2 where not given. */
  readonly factor?: number
}

/** The wait before attempt `failures + 1`, in ms. Without jitter: callers that compete add their own. */
export function backoffMs({ firstMs, maxMs, factor = 2 }: BackoffPolicy, failures: number): number {
  if (failures <= 0) return 0
  return Math.min(maxMs, firstMs * factor ** (failures - 1))
}
