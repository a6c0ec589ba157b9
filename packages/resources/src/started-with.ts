import type { PoolSpec } from './pool.ts'
import type { ContainerRecord, StartedWith } from './records.ts'

/** Few sizes, so that a network, which cannot change its subnet under its containers, has room for its pool to grow. */
const networkSizes = [60, 120, 240, 480, 1_000] as const

type Settings = Pick<PoolSpec, 'maxSize' | 'network'>

/** How many containers the network of a pool of this size is made for. */
export const networkSizeOf = (maxSize: number): number => networkSizes.find((size) => size >= maxSize) ?? 1_000

export const startedWithOf = ({ maxSize, network }: Settings): StartedWith => ({
  ...(network.dns ? { dns: network.dns } : {}),
  networkSize: networkSizeOf(maxSize),
})

/** Whether its pool asks for something else than the container was started with. One that nobody said it of is taken as it is. */
export function hasOutdatedSettings({ startedWith }: Pick<ContainerRecord, 'startedWith'>, spec: Settings): boolean {
  if (!startedWith) return false
  const wanted = startedWithOf(spec)
  // A pool that became smaller has room in the larger network.
  return startedWith.networkSize < wanted.networkSize || String(startedWith.dns) !== String(wanted.dns)
}
