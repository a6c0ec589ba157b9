import { expect, test } from 'bun:test'

import { openLoop, poissonArrivals } from './open-loop.ts'
import { createRandom } from './random.ts'

test('callers arrive at the rate that was asked for, in order, and as a seed says', () => {
  const arrivals = poissonArrivals(createRandom(1), 200, 4000)
  expect(arrivals).toEqual(poissonArrivals(createRandom(1), 200, 4000))
  expect(arrivals).toEqual(arrivals.toSorted((a, b) => a - b))
  const seconds = (arrivals.at(-1) ?? 0) / 1000
  expect(4000 / seconds).toBeGreaterThan(190)
  expect(4000 / seconds).toBeLessThan(210)
})

test('the gaps between callers are those of a Poisson process: their deviation is their mean', () => {
  const arrivals = poissonArrivals(createRandom(2), 100, 20_000)
  const gaps = arrivals.map((at, i) => at - (arrivals[i - 1] ?? 0))
  const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length
  const deviation = Math.sqrt(gaps.reduce((sum, gap) => sum + (gap - mean) ** 2, 0) / gaps.length)
  expect(deviation / mean).toBeGreaterThan(0.97)
  expect(deviation / mean).toBeLessThan(1.03)
})

test('a caller does not wait for the one before, and one that is held up counts from when it was to arrive', async () => {
  const hold = () => Bun.sleepSync(60)
  const { latenciesMs, mostAtOnce } = await openLoop([0, 1, 2], async (arrival) => {
    if (arrival === 0) hold()
    await Bun.sleep(20)
  })
  expect(mostAtOnce).toBe(3)
  expect(Math.min(...latenciesMs)).toBeGreaterThanOrEqual(60)
})

test('a call that fails is told after the others have ended', async () => {
  const ended: number[] = []
  const loop = openLoop([0, 1], async (arrival) => {
    if (arrival === 0) throw new Error('refused')
    await Bun.sleep(5)
    ended.push(arrival)
  })
  expect(loop).rejects.toThrow('1 of 2 calls failed: Error: refused')
  await loop.catch(() => {})
  expect(ended).toEqual([1])
})
