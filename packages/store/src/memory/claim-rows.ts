import type { ClaimId, PoolId, TenantId } from '@boilerhouse/base'
import { isLiveClaim, type ClaimRecord } from '@boilerhouse/resources'

import type { MemoryData } from './memory-data.ts'

type ByTenant = Map<TenantId, Map<PoolId, ClaimId>>

export function insertClaim(data: MemoryData, claim: ClaimRecord): void {
  data.claims.set(claim.id, claim)
  data.claimIndex.move(claim.poolId, claim.id, undefined, claim.state)
  name(data.liveClaims, claim)
  name(data.newestClaims, claim)
}

/** Writes a changed claim and keeps the indexes in step. */
export function putClaim(data: MemoryData, old: ClaimRecord, changes: Partial<ClaimRecord>): ClaimRecord {
  const record = { ...old, ...changes }
  data.claims.set(old.id, record)
  data.claimIndex.move(old.poolId, old.id, old.state, record.state)
  if (!isLiveClaim(record.state)) unname(data.liveClaims, record)
  return record
}

export function removeClaim(data: MemoryData, claim: ClaimRecord): void {
  data.claims.delete(claim.id)
  data.claimIndex.move(claim.poolId, claim.id, claim.state, undefined)
  unname(data.newestClaims, claim)
}

function name(index: ByTenant, claim: ClaimRecord): void {
  const pools = index.get(claim.tenantId) ?? new Map<PoolId, ClaimId>()
  pools.set(claim.poolId, claim.id)
  index.set(claim.tenantId, pools)
}

function unname(index: ByTenant, claim: ClaimRecord): void {
  const pools = index.get(claim.tenantId)
  if (pools?.get(claim.poolId) !== claim.id) return
  pools.delete(claim.poolId)
  if (pools.size === 0) index.delete(claim.tenantId)
}
