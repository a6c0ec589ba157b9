import type { PoolId } from '@boilerhouse/base'
import type { EventRecord } from '@boilerhouse/resources'
import type { SeriesPoint } from '@boilerhouse/store'

interface Answered {
  readonly poolId: PoolId
  readonly source: string
  readonly totalMs: number | undefined
  readonly atMs: number
}

const hourMs = 3_600_000

/** Claims as they were answered: by source and latency for the series, and how many of the last hour were served warm. */
export class ClaimTally {
  #answered: Answered[] = []
  /** `claim.active` is written once an answer is ready; a recovery is nobody's request. */
  learn({ type, poolId, data, timeMs }: EventRecord): void {
    if (type !== 'claim.active' || !poolId || data['from'] === 'recovering') return
    const source = typeof data['source'] === 'string' ? data['source'] : 'unknown'
    const totalMs = typeof data['totalMs'] === 'number' ? data['totalMs'] : undefined
    this.#answered.push({ poolId, source, totalMs, atMs: timeMs })
  }

  /** Per pool, over the last hour. */
  hitRates(now: number): ReadonlyMap<PoolId, number> {
    this.#answered = this.#answered.filter(({ atMs }) => atMs > now - hourMs)
    const counts = new Map<PoolId, { warm: number; all: number }>()
    for (const { poolId, source } of this.#answered) {
      const count = counts.get(poolId) ?? { warm: 0, all: 0 }
      counts.set(poolId, { warm: count.warm + (source.startsWith('pool') ? 1 : 0), all: count.all + 1 })
    }
    return new Map([...counts].map(([poolId, { warm, all }]) => [poolId, warm / all]))
  }

  /** Claims by pool and source between two times, and their latency. */
  points(fromMs: number, toMs: number): readonly SeriesPoint[] {
    const groups = new Map<string, Answered[]>()
    for (const one of this.#answered) {
      if (one.atMs < fromMs || one.atMs >= toMs) continue
      const key = `${one.poolId} ${one.source}`
      groups.set(key, [...(groups.get(key) ?? []), one])
    }
    return [...groups.values()].flatMap((group) => pointsOf(group, toMs))
  }
}

function pointsOf(group: readonly Answered[], atMs: number): readonly SeriesPoint[] {
  const [first] = group
  if (!first) return []
  const labels = { poolId: first.poolId, source: first.source }
  const times = group.flatMap(({ totalMs }) => (totalMs === undefined ? [] : [totalMs])).sort((a, b) => a - b)
  const at = (share: number) => times[Math.min(times.length - 1, Math.floor(times.length * share))]
  const [p50, p99] = [at(0.5), at(0.99)]
  return [
    { metric: 'claims', labels, atMs, value: group.length },
    ...(p50 === undefined ? [] : [{ metric: 'claim_p50_ms', labels, atMs, value: p50 }]),
    ...(p99 === undefined ? [] : [{ metric: 'claim_p99_ms', labels, atMs, value: p99 }]),
  ]
}
