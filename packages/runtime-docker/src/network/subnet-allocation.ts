import { overlaps, type Cidr } from './cidr.ts'

/** A Linux bridge takes 1,024 ports. */
const largestSize = 1024
/** Network, broadcast and gateway. */
const reserved = 3

/**
 * Addresses a pool needs, as a power of two: `maxSize` and some more, since a container that drains holds its address while its
 * replacement starts.
 */
export function subnetSize(maxSize: number): number {
  const wanted = maxSize + reserved + Math.max(4, Math.ceil(maxSize / 8))
  return Math.min(largestSize, 2 ** Math.ceil(Math.log2(wanted)))
}

/** The first subnet of `range` for a pool of this size that overlaps nothing of `taken`; undefined where none is left. */
export function allocateSubnet(range: Cidr, maxSize: number, taken: readonly Cidr[]): Cidr | undefined {
  const size = subnetSize(maxSize)
  const end = range.base + range.size
  let base = Math.ceil(range.base / size) * size
  while (base + size <= end) {
    const candidate = { base, size }
    const inTheWay = taken.filter((each) => overlaps(each, candidate))
    if (inTheWay.length === 0) return candidate
    const free = Math.max(...inTheWay.map((each) => each.base + each.size))
    base = Math.ceil(free / size) * size
  }
  return undefined
}
