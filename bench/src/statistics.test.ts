import { expect, test } from 'bun:test'

import { summarise } from './statistics.ts'

test('percentiles are measured values by nearest rank, whatever the order', () => {
  const samples = Array.from({ length: 100 }, (_, i) => 100 - i)
  expect(summarise(samples)).toEqual({ count: 100, minMs: 1, p50Ms: 50, p95Ms: 95, p99Ms: 99, maxMs: 100 })
  expect(summarise([7])).toMatchObject({ p50Ms: 7, p99Ms: 7 })
})

test('no samples are refused, not shown as zero', () => {
  expect(() => summarise([])).toThrow('must not be empty')
})
