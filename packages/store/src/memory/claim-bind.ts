import { invariant, type ClaimId, type ContainerId, type TenantId, type WorkloadId } from '@boilerhouse/base'
import type { ClaimRecord } from '@boilerhouse/resources'

import type { BindInput, BindOutcome, ClaimStore, WriteOptions } from '../store.ts'
import { insertClaim, putClaim } from './claim-rows.ts'
import { putContainer } from './container-rows.ts'
import type { MemoryData } from './memory-data.ts'
import type { Writer } from './writer.ts'

export function bindClaim(writer: Writer, input: BindInput, options: WriteOptions): BindOutcome {
  const { data } = writer
  writer.checkFence(options)
  const held = data.liveClaims.get(input.tenantId)
  const own = held?.get(input.poolId)
  const existing = own === undefined ? undefined : data.claims.get(own)
  if (existing) return { outcome: 'exists', claim: existing }
  if (input.maxClaims !== undefined && (held?.size ?? 0) >= input.maxClaims) return { outcome: 'quota', held: held?.size ?? 0 }
  const candidate = data.containers.get(input.containerId)
  const holder = input.holdsState && candidate ? stateHolder(data, input.tenantId, candidate.workloadId) : undefined
  if (holder) return { outcome: 'state_in_use', claim: holder }
  if (candidate?.state !== 'warm' || candidate.poolId !== input.poolId) return { outcome: 'taken' }
  invariant(!data.claims.has(input.claimId), `claim ${input.claimId} is made once`)
  const now = input.claimedAt ?? writer.now()
  const claim: ClaimRecord = {
    id: input.claimId,
    tenantId: input.tenantId,
    poolId: input.poolId,
    workloadId: candidate.workloadId,
    containerId: candidate.id,
    state: 'pending',
    source: input.source,
    revision: 1,
    ...(input.config ? { config: structuredClone(input.config) } : {}),
    metadata: { ...input.metadata },
    secretNames: [...input.secretNames],
    ...(input.sealed ? { sealed: Uint8Array.from(input.sealed) } : {}),
    losses: [],
    ...(input.holdsState ? { holdsState: true } : {}),
    claimedAt: now,
    lastActivityAt: now,
    updatedAt: now,
  }
  insertClaim(data, claim)
  const container = putContainer(writer, candidate, {
    state: 'bound',
    claimId: claim.id,
    tenantId: claim.tenantId,
    boundAt: now,
  })
  writer.emit(options.event)
  return { outcome: 'bound', claim, container }
}

const stateHolder = (data: MemoryData, tenantId: TenantId, workloadId: WorkloadId): ClaimRecord | undefined =>
  [...(data.liveClaims.get(tenantId)?.values() ?? [])]
    .flatMap((id) => data.claims.get(id) ?? [])
    .find((claim) => claim.holdsState && claim.workloadId === workloadId)

export function rebindClaim(
  writer: Writer,
  claimId: ClaimId,
  containerId: ContainerId,
  options: WriteOptions,
): Awaited<ReturnType<ClaimStore['rebind']>> {
  const { data } = writer
  writer.checkFence(options)
  const old = data.claims.get(claimId)
  if (old?.state !== 'recovering' || old.containerId !== undefined) return { outcome: 'conflict' }
  const candidate = data.containers.get(containerId)
  if (candidate?.state !== 'warm' || candidate.poolId !== old.poolId) return { outcome: 'taken' }
  const now = writer.now()
  const claim = putClaim(data, old, { containerId, updatedAt: now })
  const container = putContainer(writer, candidate, { state: 'bound', claimId, tenantId: old.tenantId, boundAt: now })
  writer.emit(options.event)
  return { outcome: 'bound', claim, container }
}
