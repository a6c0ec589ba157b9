import { Fault, isFault, type PoolId, type TenantId } from '@boilerhouse/base'
import type { ClaimRecord, Tenant, TenantClaim, TenantStatus, WorkloadRecord } from '@boilerhouse/resources'
import { isDiskExceeded, isLiveClaim } from '@boilerhouse/resources'

import type { ClaimsWorld } from './claims-deps.ts'
import { endpointsOf } from './endpoints.ts'
import { idleExpiresAt } from './idle.ts'

/** More pools than a tenant ever has claims in. */
const maxClaimsShown = 1000

/** A tenant as the API shows it: every pool it holds or held a claim of. Throws `claim.not_found` where there never was one. */
export async function tenantView(world: ClaimsWorld, tenantId: TenantId): Promise<Tenant> {
  const { items } = await world.store.claims.list({ tenantId, limit: maxClaimsShown })
  if (items.length === 0) throw new Fault('claim.not_found', `There is no tenant ${tenantId}`)
  return { tenantId, claims: await Promise.all(items.map((claim) => claimView(world, claim))) }
}

/** Secrets are shown by name alone, env not at all. */
export async function claimView(world: ClaimsWorld, claim: ClaimRecord): Promise<TenantClaim> {
  const isLive = isLiveClaim(claim.state)
  const [workload, container] = await Promise.all([
    workloadOf(world, claim),
    isLive && claim.containerId ? world.store.containers.get(claim.containerId) : undefined,
  ])
  const expiresAt = workload && idleExpiresAt(world, claim, workload)
  const reason = claim.reason ?? (container && isDiskExceeded(container) ? container.reason : undefined)
  return {
    claimId: claim.id,
    poolId: claim.poolId,
    workloadId: claim.workloadId,
    ...(claim.containerId ? { containerId: claim.containerId } : {}),
    state: claim.state,
    ...(reason === undefined ? {} : { reason }),
    source: claim.source,
    revision: claim.revision,
    ...(claim.config ? { config: claim.config } : {}),
    configValid: world.configSchemas.faults(workload?.spec.configSchema, claim.config ?? {}).length === 0,
    secretNames: [...claim.secretNames],
    metadata: claim.metadata,
    endpoints: workload && isLive ? endpointsOf(claim, workload, container, world.settings) : {},
    claimedAt: rfc3339(claim.claimedAt),
    lastActivityAt: rfc3339(world.activity.last(claim)),
    ...(expiresAt === undefined ? {} : { idleExpiresAt: rfc3339(expiresAt) }),
  }
}

/** `assigned` is false for a tenant without a live claim; then the newest one that ended tells when its files were kept. */
export async function tenantStatus(
  world: ClaimsWorld,
  tenantId: TenantId,
  held: ClaimRecord | undefined,
  poolId?: PoolId,
): Promise<TenantStatus> {
  const claim = held ?? (await lastOf(world, tenantId, poolId))
  if (!claim) return { tenantId, assigned: false, syncStatus: { pending: 0, errors: [] } }
  const workload = await workloadOf(world, claim)
  const expiresAt = workload && idleExpiresAt(world, claim, workload)
  const hasState = workload?.spec.volumes.state !== undefined
  return {
    tenantId,
    assigned: held?.containerId !== undefined,
    poolId: claim.poolId,
    ...(held?.containerId ? { containerId: held.containerId } : {}),
    claimId: claim.id,
    state: claim.state,
    ...(claim.reason === undefined ? {} : { reason: claim.reason }),
    syncStatus: {
      ...(hasState && claim.state === 'released' ? { lastSync: rfc3339(claim.updatedAt) } : {}),
      pending: hasState && (claim.state === 'releasing' || claim.state === 'restoring') ? 1 : 0,
      errors: claim.state === 'release_failed' && claim.reason !== undefined ? [claim.reason] : [],
    },
    lastActivityAt: rfc3339(world.activity.last(claim)),
    ...(expiresAt === undefined ? {} : { idleExpiresAt: rfc3339(expiresAt) }),
  }
}

async function lastOf({ store }: ClaimsWorld, tenantId: TenantId, poolId: PoolId | undefined): Promise<ClaimRecord | undefined> {
  const { items } = await store.claims.list({ tenantId, limit: maxClaimsShown, ...(poolId ? { poolId } : {}) })
  return items.toSorted((a, b) => b.updatedAt - a.updatedAt)[0]
}

/** The workload of an old claim may be deleted. */
async function workloadOf({ catalogue }: ClaimsWorld, { workloadId }: ClaimRecord): Promise<WorkloadRecord | undefined> {
  try {
    return await catalogue.workload(workloadId)
  } catch (error) {
    if (isFault(error, 'workload.not_found')) return undefined
    throw error
  }
}

const rfc3339 = (ms: number): string => new Date(ms).toISOString()
