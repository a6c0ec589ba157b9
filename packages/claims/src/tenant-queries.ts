import { isFault } from '@boilerhouse/base'

import type { ClaimsWorld } from './claims-deps.ts'
import type { Claims } from './claims.ts'
import { resolveClaim } from './resolve.ts'
import { tenantList } from './tenant-list.ts'
import { tenantStatus, tenantView } from './tenant-view.ts'

/** What is asked about tenants. Each sees at least what this process has answered before. */
export function tenantQueries(world: ClaimsWorld): Pick<Claims, 'touch' | 'tenant' | 'tenants' | 'status' | 'resolve'> {
  const { store, activity, activations, clock } = world
  return {
    async touch(tenantId, poolId) {
      await activations.written()
      const claim = await resolveClaim(world, tenantId, poolId)
      const now = clock.nowMs()
      activity.note(claim.id)
      await store.claims.touch(new Map([[claim.id, now]]))
      return tenantStatus(world, tenantId, { ...claim, lastActivityAt: Math.max(now, claim.lastActivityAt) })
    },
    async tenant(tenantId) {
      await activations.written()
      return tenantView(world, tenantId)
    },
    async tenants(query) {
      await activations.written()
      return tenantList(world, query)
    },
    async status(tenantId, poolId) {
      await activations.written()
      return tenantStatus(world, tenantId, await heldOrNone(() => resolveClaim(world, tenantId, poolId)), poolId)
    },
    async resolve(tenantId, poolId) {
      await activations.written()
      return resolveClaim(world, tenantId, poolId)
    },
  }
}

async function heldOrNone<T>(action: () => Promise<T>): Promise<T | undefined> {
  try {
    return await action()
  } catch (error) {
    if (isFault(error, 'claim.not_found')) return undefined
    throw error
  }
}
