import { expect, test } from 'bun:test'

import { backoffMs } from './backoff.ts'
import type { Clock } from './clock.ts'
import { retry, type RetryOptions } from './retry.ts'

/** Does not wait; notes how long it would have. */
function notedClock() {
  const sleeps: number[] = []
  const clock: Clock = { nowMs: () => 0, monotonicMs: () => 0, sleep: async (ms) => void sleeps.push(ms) }
  return { sleeps, clock }
}
const failing = (times: number) => async (attempt: number) => {
  if (attempt <= times) throw new Error(`attempt ${attempt}`)
  return attempt
}
const policy = { firstMs: 10, maxMs: 50 }
const run = (times: number, more: Partial<RetryOptions>) => {
  const { sleeps, clock } = notedClock()
  return { sleeps, result: retry(failing(times), { ...policy, clock, attempts: 3, ...more }) }
}

test('waits grow by the factor up to the maximum; no failure, no wait', () => {
  expect([0, 1, 2, 3, 4, 5, 5000].map((failures) => backoffMs({ firstMs: 10, maxMs: 65 }, failures))).toEqual([
    0, 10, 20, 40, 65, 65, 65,
  ])
  expect(backoffMs({ firstMs: 10, maxMs: 1000, factor: 3 }, 3)).toBe(90)
})

test('an action is repeated after growing waits until it resolves', async () => {
  const { sleeps, result } = run(3, { attempts: 5 })
  expect(await result).toBe(4)
  expect(sleeps).toEqual([10, 20, 40])
})

test('once the attempts are used up the last error is thrown, without a last wait', async () => {
  const { sleeps, result } = run(9, { attempts: 3 })
  expect(result).rejects.toThrow('attempt 3')
  await result.catch(() => {})
  expect(sleeps).toEqual([10, 20])
})

test('an error that is not worth repeating is thrown at once', async () => {
  const { sleeps, result } = run(9, { isRetryable: (error) => !String(error).includes('attempt 2') })
  expect(result).rejects.toThrow('attempt 2')
  await result.catch(() => {})
  expect(sleeps).toEqual([10])
})

test('an abort during the wait ends it: the action is not called again', async () => {
  const abort = new AbortController()
  let calls = 0
  const clock: Clock = { nowMs: () => 0, monotonicMs: () => 0, sleep: async () => abort.abort() }
  const action = async () => {
    calls++
    throw new Error('down')
  }
  expect(retry(action, { ...policy, clock, attempts: 9, signal: abort.signal })).rejects.toThrow('down')
  await Bun.sleep(0)
  expect(calls).toBe(1)
})
