import type { ContainerId } from '@boilerhouse/base'
import type { ContainerRecord } from '@boilerhouse/resources'
import type { ContainerStats } from '@boilerhouse/runtime'
import type { SeriesPoint } from '@boilerhouse/store'

export interface Usage {
  readonly cpuCores: number
  readonly memoryBytes: number
  readonly networkBytesPerSecond: number
}

interface Seen {
  readonly stats: ContainerStats
  readonly atMs: number
}

/** Rates from counters: each sample against the one before. */
export class UsageMeter {
  readonly #seen = new Map<ContainerId, Seen>()

  measure(id: ContainerId, stats: ContainerStats, atMs: number): Usage | undefined {
    const before = this.#seen.get(id)
    this.#seen.set(id, { stats, atMs })
    const seconds = before ? (atMs - before.atMs) / 1000 : 0
    // Counters that went back belong to a container that was started anew.
    if (!before || seconds <= 0 || stats.cpuSeconds < before.stats.cpuSeconds) return undefined
    const bytes = (s: ContainerStats) => s.networkRxBytes + s.networkTxBytes
    return {
      cpuCores: (stats.cpuSeconds - before.stats.cpuSeconds) / seconds,
      memoryBytes: stats.memoryBytes,
      networkBytesPerSecond: Math.max(0, bytes(stats) - bytes(before.stats)) / seconds,
    }
  }

  keepOnly(ids: ReadonlySet<ContainerId>): void {
    for (const id of this.#seen.keys()) if (!ids.has(id)) this.#seen.delete(id)
  }
}

const metricOf = {
  cpuCores: 'cpu_cores',
  memoryBytes: 'memory_bytes',
  networkBytesPerSecond: 'network_bytes_per_second',
} as const

/** One point a container, and the sums of its pool and of its tenant. */
export function usagePoints(usages: readonly (readonly [ContainerRecord, Usage])[], atMs: number): readonly SeriesPoint[] {
  const sums = new Map<string, { metric: string; labels: Record<string, string>; value: number }>()
  for (const [row, usage] of usages) {
    const scopes: readonly Record<string, string>[] = [
      { containerId: row.id },
      { poolId: row.poolId },
      ...(row.tenantId ? [{ tenantId: row.tenantId }] : []),
    ]
    for (const labels of scopes)
      for (const [field, metric] of Object.entries(metricOf) as [keyof Usage, string][]) {
        const key = `${metric} ${JSON.stringify(labels)}`
        const sum = sums.get(key) ?? { metric, labels, value: 0 }
        sum.value += usage[field]
        sums.set(key, sum)
      }
  }
  return [...sums.values()].map((sum) => ({ ...sum, atMs }))
}

/** The mean of each series over a minute's samples. */
export function meanPoints(points: readonly SeriesPoint[], atMs: number): readonly SeriesPoint[] {
  const groups = new Map<string, SeriesPoint[]>()
  for (const point of points) {
    const key = `${point.metric} ${JSON.stringify(point.labels)}`
    groups.set(key, [...(groups.get(key) ?? []), point])
  }
  return [...groups.values()].flatMap((group) => {
    const [first] = group
    return first ? [{ ...first, atMs, value: group.reduce((sum, p) => sum + p.value, 0) / group.length }] : []
  })
}
