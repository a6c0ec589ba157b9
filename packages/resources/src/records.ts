import type { ClaimId, ContainerId, KeyId, PoolId, TenantId, WorkloadId } from '@boilerhouse/base'

import type { ClaimSource } from './claim.ts'
import type { EventType } from './event.ts'
import type { Role } from './key.ts'
import type { Condition, PoolPhase, PoolSpec } from './pool.ts'
import type { ClaimState, ContainerState } from './state-machine.ts'
import type { WorkloadSpec, WorkloadStatus } from './workload.ts'

/** What the store keeps. Times are epoch ms. `present-*.ts` in `api` turns records into what the API shows. */
export interface WorkloadRecord {
  readonly id: WorkloadId
  readonly spec: WorkloadSpec
  readonly status: WorkloadStatus
  /** Raised by each change of the spec; containers remember the one they were started from. */
  readonly generation: number
  /** Raised by each write. */
  readonly revision: number
  readonly createdAt: number
  readonly updatedAt: number
}

/** What the pool's controller last said. Counts are not kept: they are counted. */
export interface PoolStatusRecord {
  readonly phase: PoolPhase
  readonly conditions: readonly Condition[]
}

export interface PoolRecord {
  readonly id: PoolId
  readonly workloadId: WorkloadId
  readonly spec: PoolSpec
  readonly status: PoolStatusRecord
  readonly generation: number
  readonly revision: number
  readonly createdAt: number
  readonly updatedAt: number
}

export interface ProbeOutcome {
  readonly atMs: number
  readonly ok: boolean
  readonly durationMs: number
  readonly detail?: string
}

export interface ContainerHealth {
  readonly status: 'unknown' | 'passing' | 'failing'
  /** In a row. */
  readonly failures: number
  /** Newest first, at most 20. */
  readonly history: readonly ProbeOutcome[]
}

/** Where a started container answers, as the runtime said. Host ports change at each start. */
export interface ContainerAddress {
  /** The container's own address: probes and the proxy use it. */
  readonly ip?: string
  /** Loopback ports of the host by container port. */
  readonly hostPorts: Readonly<Record<string, number>>
  /** The comm volume's directory on the host. */
  readonly socketDir?: string
}

/** What a container was started with beside its workload: where its pool asks for something else by now, it is replaced. */
export interface StartedWith {
  /** The pool's own servers; absent where its workload's stand. */
  readonly dns?: readonly string[]
  /** How many containers the pool's network is made for. */
  readonly networkSize: number
}

export interface ContainerRecord {
  readonly id: ContainerId
  readonly poolId: PoolId
  readonly workloadId: WorkloadId
  readonly workloadGeneration: number
  readonly state: ContainerState
  readonly reason?: string
  readonly claimId?: ClaimId
  readonly tenantId?: TenantId
  readonly address?: ContainerAddress
  readonly health: ContainerHealth
  /** True where a waiting claim asked for it, not the pool's minSize. */
  readonly onDemand: boolean
  readonly startedWith?: StartedWith
  readonly revision: number
  readonly createdAt: number
  readonly warmAt?: number
  readonly boundAt?: number
  readonly updatedAt: number
}

export interface ClaimRecord {
  readonly id: ClaimId
  readonly tenantId: TenantId
  readonly poolId: PoolId
  readonly workloadId: WorkloadId
  /** Absent once the claim lost its container and has no new one yet. */
  readonly containerId?: ContainerId
  readonly state: ClaimState
  readonly reason?: string
  readonly source: ClaimSource
  /** Of the delivery; raised by each change of config, secrets or metadata. */
  readonly revision: number
  readonly config?: Readonly<Record<string, unknown>>
  readonly metadata: Readonly<Record<string, string>>
  readonly secretNames: readonly string[]
  /** Secrets and env, sealed (`SecretBox`, record id = claim id): JSON `{ secrets: { NAME: base64 }, env: { NAME: value } }`. */
  readonly sealed?: Uint8Array
  /** When its containers died under it, epoch ms, newest last; three within startDeadlineMs open the circuit. */
  readonly losses: readonly number[]
  /** It has the tenant's files of its workload: no other live claim of the tenant and the workload may. */
  readonly holdsState?: boolean
  readonly claimedAt: number
  readonly lastActivityAt: number
  readonly updatedAt: number
}

export interface KeyRecord {
  readonly id: KeyId
  readonly name: string
  /** SHA-256 of the key, hex. */
  readonly hash: string
  readonly role: Role
  readonly tenantId?: TenantId
  readonly pools?: readonly string[]
  readonly expiresAt?: number
  readonly requestsPerMinute?: number
  readonly createdAt: number
  readonly revokedAt?: number
  readonly lastUsedAt?: number
}

/** What a writer says; the store adds seq, cursor and time. */
export interface EventInput {
  readonly type: EventType
  readonly actor: string
  readonly subject: string
  readonly tenantId?: TenantId
  readonly poolId?: PoolId
  readonly containerId?: ContainerId
  readonly claimId?: ClaimId
  readonly revision?: number
  readonly correlationId?: string
  readonly data?: Readonly<Record<string, unknown>>
}

export interface EventRecord extends EventInput {
  readonly cursor: string
  readonly seq: number
  readonly version: number
  readonly timeMs: number
  readonly data: Readonly<Record<string, unknown>>
}
