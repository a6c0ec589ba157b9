/** An IPv4 network as numbers: the first address and how many there are. */
export interface Cidr {
  readonly base: number
  readonly size: number
}

/** Undefined where the text is not an IPv4 network; host bits are cut off. */
export function parseCidr(text: string): Cidr | undefined {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})(?:\/(\d{1,2}))?$/.exec(text)
  if (!match) return undefined
  const bytes = match.slice(1, 5).map(Number)
  const prefix = match[5] === undefined ? 32 : Number(match[5])
  if (prefix > 32 || bytes.some((byte) => byte > 255)) return undefined
  const size = 2 ** (32 - prefix)
  const address = bytes.reduce((sum, byte) => sum * 256 + byte, 0)
  return { base: address - (address % size), size }
}

export const formatAddress = (address: number): string =>
  [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join('.')

export const formatCidr = ({ base, size }: Cidr): string => `${formatAddress(base)}/${32 - Math.log2(size)}`

export const overlaps = (one: Cidr, two: Cidr): boolean => one.base < two.base + two.size && two.base < one.base + one.size
