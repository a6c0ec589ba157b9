import { expect, test } from 'bun:test'

import { createFakeClock } from './fake-clock.ts'

test('sleepers wake in the order of their time, and see it', async () => {
  const clock = createFakeClock()
  const seen: [string, number][] = []
  const sleep = async (name: string, ms: number) => {
    await clock.sleep(ms)
    seen.push([name, clock.monotonicMs()])
    if (name === 'a') await sleep('c', 5)
  }
  const done = Promise.all([sleep('b', 20), sleep('a', 10)])
  await clock.advance(20)
  await done
  expect(seen).toEqual([
    ['a', 10],
    ['c', 15],
    ['b', 20],
  ])
  expect(clock.sleeping).toBe(0)
})

test('a sleep ends at once when its signal aborts', async () => {
  const clock = createFakeClock()
  const stop = new AbortController()
  const done = clock.sleep(1_000, stop.signal)
  stop.abort()
  await done
  expect([clock.sleeping, clock.monotonicMs()]).toEqual([0, 0])
})
