import { describe, expect, test } from 'bun:test'

import type { ClaimId, ContainerId } from '@boilerhouse/base'
import { createFakeRuntime } from '@boilerhouse/runtime'
import { createFakeClock } from '@boilerhouse/testkit'

import { Activity, isUse } from './activity.ts'

const counters = (bytes: number, packets: number) => ({ networkRxBytes: bytes, networkTxBytes: 0, networkPackets: packets })
const id = 'c-1' as ContainerId
const claim = 'cl-1' as ClaimId

describe('isUse', () => {
  test('ARP alone is no use, a single TCP packet is', () => {
    expect(isUse(counters(0, 0), counters(420, 10))).toBe(false)
    expect(isUse(counters(0, 0), counters(66, 1))).toBe(true)
    expect(isUse(counters(5, 5), counters(5, 5))).toBe(false)
  })
})

describe('Activity', () => {
  test('a container is active by what was counted since the last look, never by what was there at the first', () => {
    const clock = createFakeClock()
    const activity = new Activity({ runtime: createFakeRuntime({ clock }), clock })
    activity.judge(id, claim, counters(9_000, 9))
    expect(activity.take().size).toBe(0)
    activity.judge(id, claim, counters(9_100, 10))
    expect([...activity.take()]).toEqual([[claim, clock.nowMs()]])
    expect(activity.take().size).toBe(0)
  })
})
