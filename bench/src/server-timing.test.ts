import { expect, test } from 'bun:test'

import { readServerTiming } from './server-timing.ts'

test('each phase of Server-Timing is read in ms, whatever else its entry says', () => {
  expect(readServerTiming('bind;dur=0.512, deliver;desc="slot";dur=0.08, total;dur=1')).toEqual({
    bind: 0.512,
    deliver: 0.08,
    total: 1,
  })
})

test('an answer without the header has no phases', () => {
  expect(readServerTiming(null)).toEqual({})
})
