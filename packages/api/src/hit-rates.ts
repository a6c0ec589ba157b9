import type { Clock, PoolId } from '@boilerhouse/base'
import type { EventRecord } from '@boilerhouse/resources'
import type { EventHub, EventStore } from '@boilerhouse/store'

const hourMs = 3_600_000
const minuteMs = 60_000

interface Minute {
  readonly startMs: number
  warm: number
  all: number
}

/** Claims served warm over all claims of the last hour, by pool, counted from the event log by the minute. */
export class HitRates {
  readonly #clock: Clock
  readonly #minutes = new Map<PoolId, Minute[]>()
  readonly #unsubscribe: () => void
  readonly #seen = new Set<number>()
  #isSeeding = true

  constructor(hub: EventHub, clock: Clock) {
    this.#clock = clock
    this.#unsubscribe = hub.subscribe((event) => this.#note(event))
  }

  /** Counts the last hour once, at the start; what comes meanwhile is counted once too. */
  async seed(events: EventStore): Promise<void> {
    const filter = { types: ['claim.active'], fromMs: this.#clock.nowMs() - hourMs }
    let cursor: string | undefined
    do {
      const page = await events.activity({ limit: 500, filter, ...(cursor !== undefined && { cursor }) })
      for (const event of page.items) this.#note(event)
      cursor = page.nextCursor
    } while (cursor !== undefined)
    this.#isSeeding = false
    this.#seen.clear()
  }

  /** Null where there were no claims. */
  of(poolId: PoolId): number | null {
    const minutes = this.#recent(poolId)
    const all = minutes.reduce((sum, minute) => sum + minute.all, 0)
    return all === 0 ? null : minutes.reduce((sum, minute) => sum + minute.warm, 0) / all
  }

  close(): void {
    this.#unsubscribe()
  }

  #note({ type, poolId, data, timeMs, seq }: EventRecord): void {
    if (type === 'pool.deleted' && poolId !== undefined) this.#minutes.delete(poolId)
    // A recovery is nobody's request.
    if (type !== 'claim.active' || poolId === undefined || data['from'] === 'recovering') return
    if (this.#isSeeding) {
      if (this.#seen.has(seq)) return
      this.#seen.add(seq)
    }
    const startMs = timeMs - (timeMs % minuteMs)
    const minutes = this.#recent(poolId)
    this.#minutes.set(poolId, minutes)
    let minute = minutes.find((one) => one.startMs === startMs)
    if (!minute) minutes.push((minute = { startMs, warm: 0, all: 0 }))
    minute.all++
    if (String(data['source']).startsWith('pool')) minute.warm++
  }

  #recent(poolId: PoolId): Minute[] {
    const sinceMs = this.#clock.nowMs() - hourMs
    return (this.#minutes.get(poolId) ?? []).filter(({ startMs }) => startMs > sinceMs)
  }
}
