import { expect, test } from 'bun:test'

import { hasOutdatedSettings, networkSizeOf, startedWithOf } from '../mod.ts'

test('a network has room for the pool and for its growth up to the next size', () => {
  expect([1, 60, 61, 200, 481, 1_000].map(networkSizeOf)).toEqual([60, 60, 120, 240, 1_000, 1_000])
})

test('a container is outdated by another dns and by a pool that outgrew its network, never by a smaller pool', () => {
  const startedWith = startedWithOf({ maxSize: 100, network: { dns: ['1.1.1.1'] } })
  const isOutdated = (maxSize: number, dns?: string[]) =>
    hasOutdatedSettings({ startedWith }, { maxSize, network: dns ? { dns } : {} })
  expect(isOutdated(100, ['1.1.1.1'])).toBe(false)
  expect(isOutdated(10, ['1.1.1.1'])).toBe(false)
  expect(isOutdated(120, ['1.1.1.1'])).toBe(false)
  expect(isOutdated(121, ['1.1.1.1'])).toBe(true)
  expect(isOutdated(100)).toBe(true)
  expect(isOutdated(100, ['1.1.1.1', '8.8.8.8'])).toBe(true)
  expect(hasOutdatedSettings({}, { maxSize: 1_000, network: {} })).toBe(false)
})
