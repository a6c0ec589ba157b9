import { createHash } from 'node:crypto'

import type { PoolId } from '@boilerhouse/base'
import type { WorkloadSpec } from '@boilerhouse/resources'
import type { NetworkSpec } from '@boilerhouse/runtime'

export type PoolAccess = WorkloadSpec['network']['access']

/** Networks for no more containers have no size in their names. */
const usualSize = 60
const sizeMark = (size: number): string => (size <= usualSize ? '' : `-${size}`)

/** A pool whose access changed, or that outgrew its network, has two until the last container of the former one is gone. */
export const networkNameOf = (installation: string, poolId: PoolId, access: PoolAccess, size = usualSize): string =>
  `bh-${installation}-${poolId}-${access}${sizeMark(size)}`

const bridgePrefixes = { none: 'bhn', unrestricted: 'bhu' } as const satisfies Record<PoolAccess, string>

/** The prefix is what the firewall's constant rules go by; 14 characters, of the 15 the kernel allows. */
export function bridgeNameOf(installation: string, poolId: PoolId, access: PoolAccess, size = usualSize): string {
  const hash = createHash('sha256')
    .update(`${installation}\0${poolId}${sizeMark(size)}`)
    .digest('hex')
    .slice(0, 11)
  return `${bridgePrefixes[access]}${hash}`
}

/** The network a workload's containers join: a pool's own, or one of the host's that the operator has to allow. */
export function accessOf(workload: WorkloadSpec): NetworkSpec['access'] {
  const mode = workload.security.networkMode
  if (mode === undefined) return workload.network.access
  if (mode === 'none') return 'none'
  if (mode === 'bridge') return 'unrestricted'
  return mode === 'host' ? 'host' : { named: mode }
}
