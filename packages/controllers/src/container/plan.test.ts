import { describe, expect, test } from 'bun:test'
import * as fc from 'fast-check'

import type { ClaimId, ContainerId, TenantId } from '@boilerhouse/base'
import {
  containerTransitions,
  liveClaimStates,
  type ClaimState,
  type ContainerRecord,
  type ContainerState,
} from '@boilerhouse/resources'
import type { RuntimeContainer } from '@boilerhouse/runtime'

import { claimRow, containerRow, poolRow, workloadRow, workloadSpec } from '../pool/rows.fixture.ts'
import { planContainer, type ContainerStep, type ContainerView } from './plan.ts'

const check = { tcp: { port: 80 }, intervalMs: 30_000, timeoutMs: 5_000, retries: 3, startPeriodMs: 0 }
const engine = (changes: Partial<RuntimeContainer> = {}): RuntimeContainer => ({
  containerId: 'c-0' as ContainerId,
  poolId: 'pool' as never,
  workloadId: 'echo' as never,
  workloadGeneration: 1,
  phase: 'running',
  isConnected: true,
  ...changes,
})
const claimOf = (state: ClaimState, containerId = 'c-0') => claimRow({ state, containerId: containerId as ContainerId })
const view = (
  state: ContainerState,
  changes: Partial<ContainerView> = {},
  row: Partial<ContainerRecord> = {},
): ContainerView => ({
  row: containerRow({ state, createdAt: 999_000, ...row }),
  engine: engine(),
  isEngineConnected: true,
  pool: poolRow(),
  workload: workloadRow({ spec: workloadSpec({ healthCheck: check }) }),
  claim: undefined,
  memory: { nextProbeAt: 0, hasPassed: false, timesUnhealthy: 0 },
  isDiskFull: false,
  now: 1_000_000,
  ...changes,
})
const kind = (one: ContainerView) => planContainer(one).kind

describe('starting', () => {
  test('it is started, probed and then warm', () => {
    expect(kind(view('starting', { engine: 'unknown' }))).toBe('start')
    expect(kind(view('starting'))).toBe('probe')
    expect(kind(view('starting', { memory: { nextProbeAt: 0, hasPassed: true, timesUnhealthy: 0 } }))).toBe('warm')
  })
  test('without a health check, or parked, it is warm as soon as it runs', () => {
    expect(kind(view('starting', { workload: workloadRow() }))).toBe('warm')
    const parked = workloadRow({ spec: workloadSpec({ warmth: 'parked', healthCheck: check }) })
    expect(kind(view('starting', { workload: parked }))).toBe('warm')
  })
  test('it is not started on a full disk, from another spec than its row says, or for a pool that is deleted', () => {
    expect(planContainer(view('starting', { engine: 'unknown', isDiskFull: true }))).toMatchObject({
      kind: 'fail',
      reason: expect.stringMatching(/^host\./),
    })
    expect(kind(view('starting', { engine: 'unknown', workload: workloadRow({ generation: 2 }) }))).toBe('drain')
    expect(kind(view('starting', { engine: 'unknown', pool: undefined }))).toBe('drain')
  })
})

describe('bound', () => {
  const row = { claimId: 'cl-1' as ClaimId, tenantId: 'alice' as TenantId }
  test('a bound container without a live claim that refers to it goes', () => {
    expect(kind(view('bound', { claim: claimOf('released') }, row))).toBe('drain')
    expect(kind(view('bound', { claim: claimOf('active', 'c-other') }, row))).toBe('drain')
    expect(kind(view('bound', {}, row))).toBe('drain')
  })
  test('the stop of a release, and a pause of our own, are no loss', () => {
    const exited = engine({ phase: 'exited', exitCode: 143 })
    expect(kind(view('bound', { claim: claimOf('releasing'), engine: exited }, row))).toBe('wait')
    expect(kind(view('bound', { claim: claimOf('release_failed'), engine: exited }, row))).toBe('wait')
    const paused = engine({ phase: 'paused' })
    expect(kind(view('bound', { claim: claimOf('active'), engine: paused }, { ...row, reason: 'disk_exceeded: 2 MB' }))).toBe(
      'wait',
    )
    expect(kind(view('bound', { claim: claimOf('active'), engine: paused }, row))).toBe('lose')
  })
  test('what was never asked for, or cannot be asked for, is no loss', () => {
    expect(kind(view('bound', { claim: claimOf('active'), engine: 'unknown' }, row))).toBe('wait')
    expect(kind(view('bound', { claim: claimOf('active'), engine: 'absent', isEngineConnected: false }, row))).toBe('wait')
    expect(kind(view('bound', { claim: claimOf('active'), engine: 'absent' }, row))).toBe('lose')
  })
  test('a wipe that this process did not begin is never finished by it', () => {
    expect(kind(view('resetting', {}, row))).toBe('drain')
    expect(
      kind(view('resetting', { memory: { nextProbeAt: 0, hasPassed: true, timesUnhealthy: 0, resetAt: 999_000 } }, row)),
    ).toBe('wipe')
  })
})

const states = Object.keys(containerTransitions) as ContainerState[]
const phases = ['created', 'running', 'paused', 'exited', 'dead'] as const
const viewArb = fc
  .record({
    state: fc.constantFrom(...states),
    engine: fc.oneof(
      fc.constantFrom('absent' as const, 'unknown' as const),
      fc.record({ phase: fc.constantFrom(...phases), isConnected: fc.boolean() }).map(engine),
    ),
    isEngineConnected: fc.boolean(),
    claim: fc.option(fc.constantFrom<ClaimState>(...liveClaimStates, 'released', 'failed'), { nil: undefined }),
    isReferred: fc.boolean(),
    age: fc.integer({ min: 0, max: 100_000 }),
    hasPassed: fc.boolean(),
    parked: fc.boolean(),
    reuse: fc.constantFrom('never' as const, 'restart' as const),
    isDeleted: fc.boolean(),
    resetAt: fc.option(fc.constantFrom(999_000), { nil: undefined }),
  })
  .map((x): ContainerView =>
    view(
      x.state,
      {
        engine: x.engine,
        isEngineConnected: x.isEngineConnected,
        claim: x.claim && claimOf(x.claim, x.isReferred ? 'c-0' : 'c-other'),
        pool: x.isDeleted ? undefined : poolRow({ reuse: x.reuse }),
        workload: workloadRow({ spec: workloadSpec({ healthCheck: check, warmth: x.parked ? 'parked' : 'running' }) }),
        memory: {
          nextProbeAt: 0,
          hasPassed: x.hasPassed,
          timesUnhealthy: 0,
          ...(x.resetAt === undefined ? {} : { resetAt: x.resetAt }),
        },
      },
      { createdAt: 1_000_000 - x.age },
    ),
  )
const target: Partial<Record<ContainerStep['kind'], ContainerState>> = {
  warm: 'warm',
  fail: 'failed',
  lose: 'lost',
  quarantine: 'quarantined',
  drain: 'draining',
  reset: 'resetting',
  destroy: 'gone',
}
const isHeld = ({ row, claim }: ContainerView) =>
  claim !== undefined && (liveClaimStates as readonly string[]).includes(claim.state) && claim.containerId === row.id

describe('properties', () => {
  test('each step is a transition that the table names', () => {
    fc.assert(
      fc.property(viewArb, (one) => {
        const to = target[kind(one)]
        if (to) expect(containerTransitions[one.row.state] as readonly string[]).toContain(to)
      }),
      { numRuns: 3_000 },
    )
  })
  test('a container that a live claim refers to is never drained, wiped or destroyed while it is bound or lost', () => {
    fc.assert(
      fc.property(viewArb, (one) => {
        if (!isHeld(one) || (one.row.state !== 'bound' && one.row.state !== 'lost')) return
        expect(['drain', 'reset', 'wipe', 'destroy']).not.toContain(kind(one))
      }),
      { numRuns: 3_000 },
    )
  })
  test('while the engine does not answer nobody is failed, lost, probed, wiped or destroyed', () => {
    fc.assert(
      fc.property(viewArb, (one) => {
        const step = planContainer({ ...one, isEngineConnected: false })
        expect(['fail', 'lose', 'probe', 'wipe', 'destroy', 'quarantine', 'start', 'reset']).not.toContain(step.kind)
      }),
      { numRuns: 3_000 },
    )
  })
})
