import { describe, expect, test } from 'bun:test'

import type { EventRecord, EventType } from '@boilerhouse/resources'

import { wakesOf } from './wake-on-event.ts'

const event = (type: EventType, changes: Partial<EventRecord> = {}): EventRecord => ({
  type,
  actor: 'x',
  subject: 'container/c-1',
  cursor: '1',
  seq: 1,
  version: 1,
  timeMs: 0,
  data: {},
  poolId: 'p' as never,
  containerId: 'c-1' as never,
  claimId: 'cl-1' as never,
  ...changes,
})
const kinds = (one: EventRecord) => wakesOf(one).map(({ kind, key }) => `${kind}/${key}`)

describe('wakesOf', () => {
  test('a claimed container wakes its pool, which refills at once', () => {
    expect(kinds(event('container.claimed'))).toEqual(['pool/p', 'container/c-1', 'claim/cl-1'])
    expect(wakesOf(event('container.claimed')).map((wake) => wake.options?.afterMs ?? 0)).toEqual([0, 1_000, 1_000])
  })
  test('a lost container wakes its claim', () => {
    expect(kinds(event('container.lost'))).toContain('claim/cl-1')
  })
  test('a finished claim wakes the container that it held', () => {
    expect(kinds(event('claim.releasing'))).toContain('container/c-1')
  })
  test('a pool is not woken by what its own controller wrote', () => {
    expect(kinds(event('pool.phase'))).toEqual([])
    expect(kinds(event('pool.warning'))).toEqual([])
  })
  test('a changed pool or workload does not wait for a backoff', () => {
    expect(wakesOf(event('pool.updated'))[0]?.options).toEqual({ isUrgent: true })
    expect(wakesOf(event('workload.updated', { subject: 'workload/w' }))).toEqual([
      { kind: 'workload', key: 'w', options: { isUrgent: true } },
    ])
  })
})
