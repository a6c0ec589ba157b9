import type { PoolId } from '@boilerhouse/base'
import { liveContainerStates, type ContainerRecord } from '@boilerhouse/resources'
import type { SeriesPoint } from '@boilerhouse/store'

import type { Term } from '../controller-deps.ts'
import { ClaimTally } from './claim-tally.ts'
import { enforceDiskLimit } from './disk-limit.ts'
import { meanPoints, usagePoints, UsageMeter, type Usage } from './usage.ts'

const sampleMs = 5_000

interface Sampling {
  readonly term: Term
  readonly meter: UsageMeter
  readonly tally: ClaimTally
  /** Points of the minute so far, for its mean. */
  readonly minute: SeriesPoint[]
  readonly gauged: Set<PoolId>
  lastTenAt: number
  lastMinuteAt: number
}

/** Looks at the containers' counters every few seconds: who is active, who uses what, who is over the disk limit, how full pools are. */
export function startSampler(term: Term): { stop(): Promise<void> } {
  const stop = new AbortController()
  const now = term.clock.nowMs()
  const sampling: Sampling = {
    term,
    meter: new UsageMeter(),
    tally: new ClaimTally(),
    minute: [],
    gauged: new Set(),
    lastTenAt: now,
    lastMinuteAt: now,
  }
  const unsubscribe = term.hub.subscribe((event) => sampling.tally.learn(event))
  const loop = async () => {
    for (;;) {
      await term.clock.sleep(term.settings.sampleMs ?? sampleMs, stop.signal)
      if (stop.signal.aborted) return
      try {
        await sampleOnce(sampling, stop.signal)
      } catch (error) {
        // The next sample is a fresh one; nothing waits for this one.
        if (!stop.signal.aborted) term.log.warn('a sample failed', { error })
      }
    }
  }
  const done = loop()
  return {
    async stop() {
      unsubscribe()
      stop.abort()
      await done
    },
  }
}

async function sampleOnce(sampling: Sampling, signal: AbortSignal): Promise<void> {
  const { term } = sampling
  const rows = (await term.store.containers.all()).filter(({ state }) => state === 'warm' || state === 'bound')
  const usages = term.runtime.capabilities.stats && term.engine.isConnected ? await sampleContainers(sampling, rows, signal) : []
  await term.claims.flushActivity()
  const active = term.activity.take()
  if (active.size > 0) await term.store.claims.touch(active)
  await gaugePools(sampling)
  await writeSeries(sampling, usages)
}

async function sampleContainers({ term, meter }: Sampling, rows: readonly ContainerRecord[], signal: AbortSignal) {
  const all = await term.runtime.stats(
    rows.map((row) => row.id),
    signal,
  )
  const now = term.clock.nowMs()
  meter.keepOnly(new Set(rows.map((row) => row.id)))
  const usages: (readonly [ContainerRecord, Usage])[] = []
  for (const row of rows) {
    const stats = all.get(row.id)
    if (!stats) continue
    term.activity.judge(row.id, row.claimId, stats)
    const usage = meter.measure(row.id, stats, now)
    if (usage) usages.push([row, usage])
    await enforceDiskLimit(term, row, stats)
  }
  return usages
}

async function gaugePools({ term, tally, gauged }: Sampling): Promise<void> {
  const { metrics, store, clock } = term
  const counts = await store.containers.counts()
  for (const poolId of new Set([...counts.keys(), ...gauged]))
    for (const state of liveContainerStates)
      metrics.gauge('pool_containers', { pool: poolId, state }, counts.get(poolId)?.[state] ?? 0)
  gauged.clear()
  for (const poolId of counts.keys()) gauged.add(poolId)
  for (const [pool, rate] of tally.hitRates(clock.nowMs())) metrics.gauge('pool_hit_rate', { pool }, rate)
}

async function writeSeries(sampling: Sampling, usages: readonly (readonly [ContainerRecord, Usage])[]): Promise<void> {
  const { term, tally, minute } = sampling
  const now = term.clock.nowMs()
  if (now - sampling.lastTenAt < 10_000) return
  const rates = [...tally.hitRates(now)].map(([poolId, value]) => ({ metric: 'hit_rate', labels: { poolId }, atMs: now, value }))
  const means = [...usagePoints(usages, now), ...rates]
  minute.push(...means)
  await term.store.series.write(10_000, [...means, ...tally.points(sampling.lastTenAt, now)])
  sampling.lastTenAt = now
  if (now - sampling.lastMinuteAt < 60_000) return
  await term.store.series.write(60_000, [...meanPoints(minute, now), ...tally.points(sampling.lastMinuteAt, now)])
  minute.length = 0
  sampling.lastMinuteAt = now
}
