import { Fault, type PoolId, type TenantId } from '@boilerhouse/base'
import type { ClaimRecord } from '@boilerhouse/resources'

import type { ClaimsDeps } from './claims-deps.ts'

/** The live claim meant by (tenant, pool?). Throws `claim.not_found`, and `claim.ambiguous` with the list. */
export async function resolveClaim(
  { store }: Pick<ClaimsDeps, 'store'>,
  tenantId: TenantId,
  poolId: PoolId | undefined,
): Promise<ClaimRecord> {
  const held =
    poolId === undefined
      ? await store.claims.liveOf(tenantId)
      : [await store.claims.live(tenantId, poolId)].filter((claim) => claim !== undefined)
  const [first, second] = held
  if (!first) {
    throw new Fault('claim.not_found', `Tenant ${tenantId} holds no claim${poolId === undefined ? '' : ` of pool ${poolId}`}`)
  }
  if (!second) return first
  const claims = held.map(({ id, poolId: pool, state }) => ({ claimId: id, poolId: pool, state }))
  throw new Fault(
    'claim.ambiguous',
    `Tenant ${tenantId} holds ${held.length} claims: ${claims.map(({ poolId: pool }) => pool).join(', ')}`,
    {
      extra: { claims },
    },
  )
}
