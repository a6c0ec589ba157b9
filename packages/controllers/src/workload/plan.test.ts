import { describe, expect, test } from 'bun:test'

import { workloadRow, workloadSpec } from '../pool/rows.fixture.ts'
import { planWorkload } from './plan.ts'

const missing = { state: 'error' as const, reason: 'runtime.image_not_found: No image echo:1' }

describe('planWorkload', () => {
  test('a new or changed workload is inspected, or built', () => {
    expect(planWorkload({ workload: workloadRow({ status: { state: 'creating' } }), now: 0 })).toEqual({
      kind: 'inspect',
      image: 'echo:1',
    })
    const spec = workloadSpec({ image: undefined, build: { context: 'demo', dockerfile: 'Dockerfile.x' } })
    expect(planWorkload({ workload: workloadRow({ status: { state: 'creating' }, spec }), now: 0 })).toEqual({
      kind: 'build',
      context: 'demo',
      dockerfile: 'Dockerfile.x',
    })
  })
  test('a ready one is left alone, and so is an error until its spec changes', () => {
    expect(planWorkload({ workload: workloadRow(), now: 0 })).toEqual({ kind: 'wait' })
    const workload = workloadRow({ status: { state: 'error', reason: 'runtime.build_failed: exit code 1' } })
    expect(planWorkload({ workload, now: 9e12 })).toEqual({ kind: 'wait' })
  })
  test('a missing image is looked for again, ever more slowly', () => {
    const workload = workloadRow({ status: missing })
    const at = (now: number, misses: number) => planWorkload({ workload, now, tried: { generation: 1, at: 0, misses } })
    expect(at(4_000, 1)).toEqual({ kind: 'wait', againMs: 1_000 })
    expect(at(5_000, 1).kind).toBe('inspect')
    expect(at(5_000, 2)).toEqual({ kind: 'wait', againMs: 5_000 })
    expect(at(59_999, 50)).toEqual({ kind: 'wait', againMs: 1 })
  })
  test('one that was tried for an earlier spec is tried at once', () => {
    const workload = workloadRow({ status: missing, generation: 2 })
    expect(planWorkload({ workload, now: 1, tried: { generation: 1, at: 0, misses: 9 } }).kind).toBe('inspect')
  })
})
