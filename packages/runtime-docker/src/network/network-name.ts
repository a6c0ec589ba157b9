import { createHash } from 'node:crypto'

import type { PoolId } from '@boilerhouse/base'
import type { WorkloadSpec } from '@boilerhouse/resources'

export type PoolAccess = WorkloadSpec['network']['access']

/** A pool whose access changed has two networks until the last container of the former one is gone. */
export const networkNameOf = (installation: string, poolId: PoolId, access: PoolAccess): string =>
  `bh-${installation}-${poolId}-${access}`

/** The prefix is what the firewall's constant rules go by; 14 characters, of the 15 the kernel allows. */
export function bridgeNameOf(installation: string, poolId: PoolId, access: PoolAccess): string {
  const hash = createHash('sha256').update(`${installation}\0${poolId}`).digest('hex').slice(0, 11)
  return `${bridgePrefixes[access]}${hash}`
}

export const bridgePrefixes = { none: 'bhn', unrestricted: 'bhu' } as const satisfies Record<PoolAccess, string>

/** What the engine's `NetworkMode` is for containers of this workload; `host` and names were checked against the allow list. */
export function networkModeOf(installation: string, poolId: PoolId, workload: WorkloadSpec): string {
  const mode = workload.security.networkMode
  if (mode === undefined || mode === 'none') return networkNameOf(installation, poolId, mode ?? workload.network.access)
  if (mode === 'bridge') return networkNameOf(installation, poolId, 'unrestricted')
  return mode
}
