import { describe, expect, test } from 'bun:test'

import type { ClaimRecord, ClaimState } from '@boilerhouse/resources'

import { claimRow, containerRow, workloadRow, workloadSpec } from '../pool/rows.fixture.ts'
import { planClaim, requestGraceMs } from './plan.ts'

const claim = (state: ClaimState, changes: Partial<ClaimRecord> = {}) => claimRow({ state, ...changes })
const bound = containerRow({ state: 'bound' })
const idle = workloadRow({ spec: workloadSpec({ idle: { timeoutMs: 60_000, action: 'release' } }) })

describe('planClaim', () => {
  test('a claim that is under way is its request; one that stands still is taken up', () => {
    for (const state of ['pending', 'restoring', 'releasing'] as const) {
      const at = (now: number) => planClaim({ claim: claim(state), container: bound, workload: idle, now })
      expect(at(10)).toEqual({ kind: 'wait', againMs: requestGraceMs - 10 })
      expect(at(requestGraceMs)).toEqual({ kind: 'resume' })
    }
  })
  test('a claim whose container is lost or gone is taken up at once', () => {
    const lost = containerRow({ state: 'lost' })
    expect(planClaim({ claim: claim('active'), container: lost, workload: idle, now: 0 })).toEqual({ kind: 'resume' })
    expect(planClaim({ claim: claim('active'), container: undefined, workload: idle, now: 0 })).toEqual({ kind: 'resume' })
    expect(planClaim({ claim: claim('recovering'), container: bound, workload: idle, now: 0 })).toEqual({ kind: 'resume' })
  })
  test('the idle timer was really a fixed lifetime: it counts from the last activity', () => {
    const at = (now: number, lastActivityAt: number) =>
      planClaim({ claim: claim('active', { lastActivityAt }), container: bound, workload: idle, now })
    expect(at(59_000, 0)).toEqual({ kind: 'wait', againMs: 1_000 })
    expect(at(60_000, 0)).toEqual({ kind: 'resume' })
    expect(at(60_000, 50_000)).toEqual({ kind: 'wait', againMs: 50_000 })
  })
  test('without an idle rule an active claim stands for ever, and a failed release waits for its operator', () => {
    expect(planClaim({ claim: claim('active'), container: bound, workload: workloadRow(), now: 9e12 })).toEqual({ kind: 'wait' })
    expect(planClaim({ claim: claim('release_failed'), container: bound, workload: idle, now: 9e12 })).toEqual({ kind: 'wait' })
  })
})
