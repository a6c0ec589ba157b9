import type { SeriesPoint, SeriesStore } from '../store.ts'
import type { MemoryData } from './memory-data.ts'

export function createSeriesStore({ series }: MemoryData): SeriesStore {
  const points = (stepMs: number): Map<string, SeriesPoint> => {
    const found = series.get(stepMs) ?? new Map<string, SeriesPoint>()
    series.set(stepMs, found)
    return found
  }
  return {
    async write(stepMs, written) {
      const kept = points(stepMs)
      for (const point of written) kept.set(identity(point), { ...point, labels: { ...point.labels } })
    },
    async read({ metric, labels, fromMs, toMs, stepMs }) {
      const wanted = Object.entries(labels)
      return [...points(stepMs).values()]
        .filter((point) => point.metric === metric && point.atMs >= fromMs && point.atMs < toMs)
        .filter((point) => wanted.every(([name, value]) => point.labels[name] === value))
        .sort((a, b) => a.atMs - b.atMs)
    },
    async prune(stepMs, beforeMs) {
      const kept = points(stepMs)
      const before = kept.size
      for (const [key, point] of kept) if (point.atMs < beforeMs) kept.delete(key)
      return before - kept.size
    },
  }
}

const identity = ({ metric, labels, atMs }: SeriesPoint): string =>
  JSON.stringify([metric, atMs, Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1))])
