/** What the sampler writes, by metric: a reader who asks for another name is told these. Labels: poolId, containerId, tenantId, source. */
export const seriesMetrics = [
  'claims',
  'claim_p50_ms',
  'claim_p99_ms',
  'hit_rate',
  'cpu_cores',
  'memory_bytes',
  'network_bytes_per_second',
] as const
export type SeriesMetric = (typeof seriesMetrics)[number]
