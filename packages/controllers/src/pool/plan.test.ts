import { describe, expect, test } from 'bun:test'
import * as fc from 'fast-check'

import type { ContainerId } from '@boilerhouse/base'
import type { ContainerRecord, ContainerState } from '@boilerhouse/resources'

import { closedCircuit, recordFailure, type Circuit } from './circuit.ts'
import { planPool, type PoolStep, type PoolView } from './plan.ts'
import { containerRow, poolRow, workloadRow } from './rows.fixture.ts'

const view = (changes: Partial<PoolView> = {}): PoolView => ({
  pool: poolRow(),
  workload: workloadRow(),
  containers: [],
  circuit: closedCircuit,
  host: { freeMb: 10_000, minFreeMb: 100, room: 1_000 },
  shortSince: undefined,
  now: 1_000_000,
  ...changes,
})
const rows = (states: readonly ContainerState[], changes: Partial<ContainerRecord> = {}) =>
  states.map((state, i) =>
    containerRow({ id: `c-${i}` as ContainerId, state, createdAt: 900_000 + i, warmAt: 900_000 + i, ...changes }),
  )
const kinds = (steps: readonly PoolStep[]) => steps.map((step) => step.kind)
const drained = (steps: readonly PoolStep[]) => steps.flatMap((step) => (step.kind === 'drain' ? [step.containerId] : []))
const opened = (at: number): Circuit =>
  [0, 1, 2].reduce((c) => recordFailure(c, { createdAt: at, at, reason: 'runtime.start_failed: exec' }), closedCircuit)

describe('refill', () => {
  test('an empty pool is filled to minSize, at most maxFillConcurrency at once', () => {
    const { steps } = planPool(view({ pool: poolRow({ minSize: 10, maxSize: 20, maxFillConcurrency: 4 }) }))
    expect(kinds(steps)).toEqual(['create', 'create', 'create', 'create'])
  })
  test('containers that start already count', () => {
    const { steps } = planPool(
      view({ pool: poolRow({ minSize: 3 }), containers: rows(['warm', 'starting'], { createdAt: 999_000 }) }),
    )
    expect(kinds(steps)).toEqual(['create'])
  })
  test('a container that a waiting claim asked for counts as well: the claim may be served by another, or be gone', () => {
    const pool = poolRow({ minSize: 3 })
    const asked = (states: readonly ContainerState[]) => rows(states, { onDemand: true, createdAt: 999_000 })
    expect(planPool(view({ pool, containers: asked(['starting', 'starting', 'starting']) })).steps).toEqual([])
    // Its claim has taken one of them: that one is replaced.
    expect(kinds(planPool(view({ pool, containers: asked(['starting', 'starting', 'bound']) })).steps)).toEqual(['create'])
  })
  test('maxSize counts every container that the engine may still run', () => {
    const containers = rows(['bound', 'draining', 'lost', 'unhealthy'])
    expect(planPool(view({ pool: poolRow({ minSize: 2, maxSize: 4 }), containers })).steps).toEqual([])
  })
  test('nothing starts while the host is full, its disk is, or the workload is not ready', () => {
    const host = { freeMb: 10_000, minFreeMb: 100, room: 1_000 }
    expect(planPool(view({ host: { ...host, room: 0 } })).steps).toEqual([])
    const full = planPool(view({ host: { ...host, freeMb: 99 } }))
    expect(full.steps).toEqual([])
    expect(full.conditions.map((c) => c.type)).toContain('HostDiskFull')
    const failed = planPool(view({ workload: workloadRow({ status: { state: 'error', reason: 'runtime.image_not_found: x' } }) }))
    expect(failed.steps).toEqual([])
    expect(failed.phase).toBe('degraded')
    expect(failed.conditions).toEqual([
      { type: 'WorkloadNotReady', reason: 'runtime.image_not_found', message: 'runtime.image_not_found: x' },
    ])
  })
})

describe('shrink', () => {
  test('a pool that never shrinks: warm ones above minSize go once idle, the oldest first', () => {
    const pool = poolRow({ minSize: 1, idleTimeoutMs: 60_000 })
    const containers = rows(['warm', 'warm', 'warm'])
    expect(drained(planPool(view({ pool, containers })).steps)).toEqual(['c-0', 'c-1'] as never)
  })
  test('surplus younger than idleTimeoutMs stays, and the plan says when to look again', () => {
    const pool = poolRow({ minSize: 0, idleTimeoutMs: 200_000 })
    const plan = planPool(view({ pool, containers: rows(['warm']) }))
    expect(plan.steps).toEqual([])
    expect(plan.againMs).toBe(100_000)
  })
  test('a container stuck in starting is failed with what its last probe said', () => {
    const health = {
      status: 'failing' as const,
      failures: 9,
      history: [{ atMs: 1, ok: false, durationMs: 1, detail: 'refused' }],
    }
    const plan = planPool(view({ pool: poolRow({ minSize: 0 }), containers: rows(['starting'], { health, createdAt: 1 }) }))
    expect(plan.steps).toEqual([{ kind: 'fail', containerId: 'c-0' as ContainerId, reason: expect.stringContaining('refused') }])
  })
})

describe('rolling', () => {
  const workload = workloadRow({ generation: 2 })
  test('a pool that never rolls: outdated warm ones are replaced, replacements first', () => {
    const pool = poolRow({ minSize: 3, maxSize: 10 })
    const plan = planPool(view({ pool, workload, containers: rows(['warm', 'warm', 'warm']) }))
    expect(kinds(plan.steps)).toEqual(['create', 'create', 'create'])
  })
  test('without room for a replacement one goes at a time, and minSize - 1 stay', () => {
    const pool = poolRow({ minSize: 3, maxSize: 3 })
    expect(drained(planPool(view({ pool, workload, containers: rows(['warm', 'warm', 'warm']) })).steps)).toEqual([
      'c-0',
    ] as never)
  })
  test('bound containers of the earlier workload stay with their tenants', () => {
    const plan = planPool(view({ pool: poolRow({ minSize: 0 }), workload, containers: rows(['bound', 'bound']) }))
    expect(plan.steps).toEqual([])
  })
  test('while replacements cannot start, the old ones stay', () => {
    const containers = rows(['warm', 'warm'])
    const plan = planPool(view({ pool: poolRow({ minSize: 1 }), workload, containers, circuit: opened(999_999) }))
    expect(plan.steps).toEqual([])
    expect(plan.phase).toBe('degraded')
  })
})

describe('the circuit', () => {
  test('a broken image made the pool create for ever: three failed rounds stop it, and tries come at growing intervals', () => {
    const circuit = opened(1_000_000)
    expect(planPool(view({ circuit })).steps).toEqual([])
    expect(planPool(view({ circuit })).againMs).toBe(1_000)
    expect(kinds(planPool(view({ circuit, now: 1_001_000, pool: poolRow({ minSize: 5 }) })).steps)).toEqual(['create'])
    let worse = circuit
    for (let i = 0; i < 20; i++) worse = recordFailure(worse, { createdAt: 1_000_000 + i, at: 1_000_000 + i, reason: 'x' })
    expect(planPool(view({ circuit: worse, now: 1_060_000 })).steps).toEqual([])
  })
  test('containers that were started together and fail together are one round', () => {
    const circuit = opened(1_000)
    expect(recordFailure(circuit, { createdAt: 500, at: 1_001, reason: 'x' }).failures).toBe(3)
  })
  test('half-open tries one, which counts until it has proved itself', () => {
    const trying = rows(['warm'], { createdAt: 1_001_500, warmAt: 1_001_600 })
    const plan = planPool(view({ circuit: opened(1_000_000), now: 1_002_000, containers: trying, pool: poolRow({ minSize: 3 }) }))
    expect(plan.steps).toEqual([])
    expect(plan.isProven).toBe(false)
    expect(plan.phase).toBe('degraded')
    const later = planPool(
      view({ circuit: opened(1_000_000), now: 1_007_000, containers: trying, pool: poolRow({ minSize: 3 }) }),
    )
    expect(later.isProven).toBe(true)
  })
})

describe('phase', () => {
  test('a pool is ready at minSize, and stays so through a claim and its refill', () => {
    expect(planPool(view({ containers: rows(['warm']) })).phase).toBe('ready')
    const pool = poolRow({ minSize: 1 }, { status: { phase: 'ready', conditions: [] } })
    const containers = rows(['bound', 'starting'], { createdAt: 999_990 })
    expect(planPool(view({ pool, containers, shortSince: 999_990 })).phase).toBe('ready')
    expect(planPool(view({ pool, containers, shortSince: 990_000 })).phase).toBe('filling')
  })
  test('a pool whose places are all in use is ready: there is nothing it should do', () => {
    expect(planPool(view({ pool: poolRow({ minSize: 2, maxSize: 2 }), containers: rows(['bound', 'bound']) })).phase).toBe(
      'ready',
    )
  })
  test('a deleted pool drains what no tenant holds and leaves the rest to its release', () => {
    const pool = poolRow({}, { status: { phase: 'draining', conditions: [] } })
    const states: ContainerState[] = ['starting', 'warm', 'unhealthy', 'failed', 'quarantined', 'bound', 'lost', 'draining']
    const containers = rows(states, { reason: "its tenant's files could not be kept: disk" })
    expect(drained(planPool(view({ pool, containers })).steps)).toHaveLength(4)
  })
})

describe('quarantine', () => {
  const draining = poolRow({}, { status: { phase: 'draining', conditions: [] } })
  test('no plan drains a container with files that could not be kept: the end of its pool tries to keep them first', () => {
    const containers = rows(['quarantined'], { reason: "its tenant's files could not be kept: disk" })
    expect(planPool(view({ pool: poolRow({ maxSize: 1 }), containers })).steps).toEqual([])
    const plan = planPool(view({ pool: draining, containers }))
    expect([plan.steps, plan.conditions.map((c) => c.type)]).toEqual([[], ['Quarantined']])
  })
  test('one that a wipe left unclean gives way where its place is needed', () => {
    const containers = rows(['quarantined'], { reason: 'unclean: its process ended' })
    expect(drained(planPool(view({ pool: poolRow({ maxSize: 1 }), containers })).steps)).toHaveLength(1)
    expect(planPool(view({ pool: poolRow({ maxSize: 2 }), containers })).steps).toEqual([{ kind: 'create' }])
    expect(drained(planPool(view({ pool: draining, containers })).steps)).toHaveLength(1)
  })
})

const stateArb = fc.constantFrom<ContainerState>(
  'starting',
  'warm',
  'bound',
  'unhealthy',
  'lost',
  'failed',
  'draining',
  'resetting',
  'quarantined',
  'gone',
)
const viewArb = fc
  .record({
    minSize: fc.integer({ min: 0, max: 8 }),
    maxSize: fc.integer({ min: 1, max: 12 }),
    maxFillConcurrency: fc.integer({ min: 1, max: 5 }),
    generation: fc.constantFrom(1, 2),
    room: fc.integer({ min: 0, max: 12 }),
    freeMb: fc.constantFrom(0, 10_000),
    failures: fc.integer({ min: 0, max: 6 }),
    phase: fc.constantFrom('filling' as const, 'ready' as const, 'degraded' as const, 'draining' as const),
    containers: fc.array(
      fc.record({
        state: stateArb,
        age: fc.integer({ min: 0, max: 400_000 }),
        onDemand: fc.boolean(),
        generation: fc.constantFrom(1, 2),
        reason: fc.constantFrom('unclean: x', 'other'),
      }),
      { maxLength: 12 },
    ),
  })
  .map((x): PoolView => {
    const now = 1_000_000
    return view({
      pool: poolRow(
        { minSize: Math.min(x.minSize, x.maxSize), maxSize: x.maxSize, maxFillConcurrency: x.maxFillConcurrency },
        { status: { phase: x.phase, conditions: [] } },
      ),
      workload: workloadRow({ generation: x.generation }),
      host: { freeMb: x.freeMb, minFreeMb: 100, room: x.room },
      circuit: { failures: x.failures, failedAt: now - 2_000, reason: 'x' },
      now,
      containers: x.containers.map((c, i) =>
        containerRow({
          id: `c-${i}` as ContainerId,
          state: c.state,
          onDemand: c.onDemand,
          reason: c.reason,
          workloadGeneration: c.generation,
          createdAt: now - c.age,
          warmAt: now - c.age,
        }),
      ),
    })
  })

function apply(before: PoolView, steps: readonly PoolStep[]): PoolView {
  let made = 0
  const to = new Map(
    steps.flatMap((s) => (s.kind === 'create' ? [] : [[s.containerId, s.kind === 'fail' ? 'failed' : 'draining'] as const])),
  )
  const containers = before.containers.map((c) => ({ ...c, state: to.get(c.id) ?? c.state }))
  for (const step of steps)
    if (step.kind === 'create')
      containers.push(
        containerRow({
          id: `new-${made++}` as ContainerId,
          state: 'starting',
          createdAt: before.now,
          workloadGeneration: before.workload?.generation ?? 1,
        }),
      )
  return { ...before, containers, host: { ...before.host, room: before.host.room - made } }
}

describe('properties', () => {
  test('applying a plan and planning again yields no steps', () => {
    fc.assert(
      fc.property(viewArb, (before) => expect(planPool(apply(before, planPool(before).steps)).steps).toEqual([])),
      {
        numRuns: 2_000,
      },
    )
  })
  test('no plan passes maxSize, starts more than maxFillConcurrency at once, or touches a container that a tenant holds', () => {
    fc.assert(
      fc.property(viewArb, (before) => {
        const { steps } = planPool(before)
        const creates = steps.filter((s) => s.kind === 'create').length
        const live = before.containers.filter((c) => c.state !== 'gone').length
        if (creates > 0) expect(live + creates).toBeLessThanOrEqual(before.pool.spec.maxSize)
        const starting = apply(before, steps).containers.filter((c) => c.state === 'starting').length
        if (creates > 0) expect(starting).toBeLessThanOrEqual(before.pool.spec.maxFillConcurrency)
        for (const step of steps) {
          if (step.kind === 'create') continue
          const state = before.containers.find((c) => c.id === step.containerId)?.state
          expect(['bound', 'lost', 'resetting']).not.toContain(state as string)
        }
      }),
      { numRuns: 2_000 },
    )
  })
})
