import { expect, test } from 'bun:test'

import { newClaimId, newContainerId, newKeyId } from './ids.ts'

test('an id is a DNS label with its prefix and 20 characters', () => {
  for (const [prefix, id] of [
    ['c', newContainerId(Date.now())],
    ['cl', newClaimId(0)],
    ['k', newKeyId(2 ** 44 + 0.5)],
  ] as const)
    expect(id).toMatch(new RegExp(`^${prefix}-[0-9a-hjkmnp-tv-z]{20}$`))
})

test('ids of later milliseconds sort after those of earlier ones', () => {
  const times = [0, 1, 31, 32, 1023, 1024, 1_700_000_000_000, 1_700_000_000_001, 2 ** 44]
  const ids = times.map((time) => newContainerId(time))
  expect(ids.toSorted()).toEqual(ids)
})

test('100,000 ids of one millisecond are distinct', () => {
  expect(new Set(Array.from({ length: 100_000 }, () => newContainerId(5))).size).toBe(100_000)
})
