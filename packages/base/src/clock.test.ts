import { expect, test } from 'bun:test'

import { systemClock } from './clock.ts'

test('a sleep ends after its time, at once when aborted before or meanwhile, and never rejects', async () => {
  const startedMs = systemClock.monotonicMs()
  await systemClock.sleep(15)
  expect(systemClock.monotonicMs() - startedMs).toBeGreaterThanOrEqual(14)
  await systemClock.sleep(60_000, AbortSignal.abort())
  const abort = new AbortController()
  const sleeping = systemClock.sleep(60_000, abort.signal)
  abort.abort()
  await sleeping
  await systemClock.sleep(0)
  await systemClock.sleep(-5)
})

test('a sleep longer than a timer can hold does not end at once', async () => {
  const abort = new AbortController()
  let isOver = false
  const sleeping = systemClock.sleep(30 * 86_400_000, abort.signal)
  void sleeping.finally(() => (isOver = true))
  await Bun.sleep(10)
  expect(isOver).toBe(false)
  abort.abort()
  await sleeping
})
