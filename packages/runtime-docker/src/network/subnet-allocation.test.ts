import { expect, test } from 'bun:test'

import * as fc from 'fast-check'

import { formatCidr, overlaps, parseCidr, type Cidr } from './cidr.ts'
import { allocateSubnet, subnetSize } from './subnet-allocation.ts'

const cidr = (text: string): Cidr => parseCidr(text) ?? { base: 0, size: 1 }
const prefixed = (minPrefix: number, maxPrefix: number) =>
  fc
    .tuple(fc.integer({ min: 0, max: 255 }), fc.integer({ min: 0, max: 255 }), fc.integer({ min: minPrefix, max: maxPrefix }))
    .map(([third, fourth, prefix]) => cidr(`10.200.${third}.${fourth}/${prefix}`))

test('a subnet given lies in the range, overlaps nothing taken, is aligned and holds maxSize', () => {
  const range = cidr('10.200.0.0/16')
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1000 }), fc.array(prefixed(12, 32), { maxLength: 30 }), (maxSize, taken) => {
      const found = allocateSubnet(range, maxSize, taken)
      if (!found) return
      expect(found.base).toBeGreaterThanOrEqual(range.base)
      expect(found.base + found.size).toBeLessThanOrEqual(range.base + range.size)
      expect(found.base % found.size).toBe(0)
      expect(taken.some((each) => overlaps(each, found))).toBe(false)
      expect(found.size - 3).toBeGreaterThanOrEqual(maxSize)
    }),
  )
})

test('no subnet is given only where truly none is free', () => {
  const range = cidr('10.200.0.0/24')
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 40 }), fc.array(prefixed(24, 30), { maxLength: 12 }), (maxSize, taken) => {
      const size = subnetSize(maxSize)
      const free = Array.from({ length: range.size / size }, (_, index) => ({ base: range.base + index * size, size })).filter(
        (each) => !taken.some((other) => overlaps(each, other)),
      )
      expect(allocateSubnet(range, maxSize, taken)).toEqual(free[0])
    }),
  )
})

test('a hundred pools get a hundred subnets that do not overlap', () => {
  const taken: Cidr[] = []
  for (let pool = 0; pool < 100; pool++) {
    const found = allocateSubnet(cidr('10.64.0.0/12'), 1 + ((pool * 37) % 1000), taken)
    expect(found).toBeDefined()
    if (found) taken.push(found)
  }
  for (const [index, one] of taken.entries()) expect(taken.slice(index + 1).some((two) => overlaps(one, two))).toBe(false)
})

test.each([
  [1, 8],
  [2, 16],
  [10, 32],
  [100, 128],
  [1000, 1024],
])('a pool of %p gets %p addresses', (maxSize, size) => {
  expect(subnetSize(maxSize)).toBe(size)
})

test('networks are read and written as text, and what is none is undefined', () => {
  fc.assert(
    fc.property(prefixed(8, 32), (each) => {
      expect(parseCidr(formatCidr(each))).toEqual(each)
    }),
  )
  for (const text of ['', '10.0.0.0/33', '256.0.0.1', 'fd00::/8', '10.0.0', 'default']) expect(parseCidr(text)).toBeUndefined()
})
