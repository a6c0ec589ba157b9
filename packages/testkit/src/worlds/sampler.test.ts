import { describe, expect, test } from 'bun:test'

import { noMetrics } from '@boilerhouse/base'

import { idOf } from '../world-actions.ts'
import { openWorlds } from './open-world.ts'

const openWorld = openWorlds()

describe('what is measured', () => {
  test('usage of containers, pools and tenants is kept every 10 s and every minute', async () => {
    const world = await openWorld()
    await world.workload()
    await world.pool({ minSize: 1 })
    await world.settle()
    const id = idOf(await world.until(world.claim('alice')))
    for (let i = 1; i <= 14; i++) {
      world.control.setStats(id, { cpuSeconds: i * 2.5, memoryBytes: 5_000_000 })
      await world.advance(5_000)
    }
    const read = (metric: string, labels: Record<string, string>, stepMs: 10_000 | 60_000) =>
      world.store.series.read({ metric, labels, stepMs, fromMs: 0, toMs: world.clock.nowMs() + 1 })
    const cpu = await read('cpu_cores', { tenantId: 'alice' }, 10_000)
    expect(cpu.length).toBeGreaterThanOrEqual(6)
    expect(cpu.at(-1)?.value).toBeCloseTo(0.5)
    expect((await read('memory_bytes', { containerId: id }, 60_000))[0]?.value).toBe(5_000_000)
    expect((await read('cpu_cores', { poolId: 'demo' }, 60_000)).length).toBe(1)
    const claims = await read('claims', { poolId: 'demo' }, 10_000)
    expect(claims.map((point) => [point.labels['source'], point.value])).toEqual([['pool', 1]])
    expect((await read('hit_rate', { poolId: 'demo' }, 10_000)).at(-1)?.value).toBe(1)
    expect((await read('claim_p99_ms', { poolId: 'demo' }, 10_000)).length).toBe(1)
  })
  test("a cold claim's latency is the whole that its tenant waited", async () => {
    const world = await openWorld()
    world.engine.behaviour.startDelayMs = 700
    await world.workload()
    await world.pool({ minSize: 0 })
    await world.settle()
    const { timings } = await world.until(world.claim('alice'))
    await world.advance(15_000)
    const query = { metric: 'claim_p99_ms', labels: { poolId: 'demo', source: 'cold' }, stepMs: 10_000, fromMs: 0 } as const
    const [point] = await world.store.series.read({ ...query, toMs: world.clock.nowMs() + 1 })
    expect(point?.value).toBeGreaterThanOrEqual(700)
    expect(point?.value).toBeCloseTo(timings['total'] ?? 0)
  })
  test('metrics declared and never fed: every metric of the controllers is fed', async () => {
    const fed = new Set<string>()
    const note = (name: string) => void fed.add(name)
    const world = await openWorld({ metrics: { ...noMetrics, count: note, gauge: note, observe: note } })
    await world.workload()
    await world.pool()
    await world.settle()
    const id = idOf(await world.until(world.claim('alice')))
    world.control.setProbe(id, 'fail')
    world.control.failNext('ensure', undefined, 1)
    await world.until(world.claim('bob'))
    await world.advance(60_000)
    for (const name of [
      'pool_containers',
      'pool_hit_rate',
      'refill_seconds',
      'container_start_seconds',
      'transitions_total',
      'probe_failures_total',
      'queue_depth',
      'queue_lag_seconds',
      'reconcile_errors_total',
    ])
      expect([name, fed.has(name)]).toEqual([name, true])
  })
  test('final rows and old events are removed after their time, live ones never', async () => {
    const world = await openWorld({ settings: { retentionMs: 3_600_000 } })
    await world.workload()
    await world.pool({ minSize: 1 })
    await world.settle()
    const first = await world.until(world.claim('alice'))
    await world.until(world.release('alice'))
    await world.until(world.claim('bob'))
    await world.advance(4_500_000)
    expect(await world.store.containers.get(idOf(first))).toBeUndefined()
    expect(await world.store.claims.get(first.claimId as never)).toBeUndefined()
    expect((await world.events(['pool.created'])).length).toBe(0)
    expect(await world.counts()).toEqual({ warm: 1, bound: 1 })
  }, 30_000)
})
