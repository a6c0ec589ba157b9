import { expect, test } from 'bun:test'

import { createRandom } from './random.ts'

test('a seed repeats its numbers, another seed has others', () => {
  const take = (seed: number) => Array.from({ length: 5 }, createRandom(seed))
  expect(take(1)).toEqual(take(1))
  expect(take(1)).not.toEqual(take(2))
  expect(take(3).every((one) => one >= 0 && one < 1)).toBe(true)
})
