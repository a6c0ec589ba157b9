export interface Summary {
  readonly count: number
  readonly minMs: number
  readonly p50Ms: number
  readonly p95Ms: number
  readonly p99Ms: number
  readonly maxMs: number
}

/** Nearest-rank percentiles: every figure is one that was measured. Throws where there are no samples. */
export function summarise(samplesMs: readonly number[]): Summary {
  if (samplesMs.length === 0) throw new RangeError('Cannot summarise: samplesMs must not be empty')
  const sorted = [...samplesMs].sort((a, b) => a - b)
  const at = (share: number) => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN
  return { count: sorted.length, minMs: at(0), p50Ms: at(0.5), p95Ms: at(0.95), p99Ms: at(0.99), maxMs: at(1) }
}
