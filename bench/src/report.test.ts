import { expect, test } from 'bun:test'

import { isMet, renderBar } from './report.ts'

test('a bar is met at its limit, on the side that it asks for', () => {
  expect(isMet({ measure: 'p50', value: 1, limit: 1, unit: 'ms' })).toBe(true)
  expect(isMet({ measure: 'p50', value: 1.001, limit: 1, unit: 'ms' })).toBe(false)
  expect(isMet({ measure: 'claims', value: 1999, limit: 2000, unit: '/s', sense: 'at_least' })).toBe(false)
})

test('a figure that could not be measured is a missed bar', () => {
  expect(renderBar({ measure: 'p50', value: Number.NaN, limit: 1, unit: 'ms' })).toStartWith('MISSED')
})
