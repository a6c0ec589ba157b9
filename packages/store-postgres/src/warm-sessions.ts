import type { ClaimId, ContainerId, PoolId, TenantId } from '@boilerhouse/base'
import type { EventInput } from '@boilerhouse/resources'
import type { ClaimStore } from '@boilerhouse/store'

/** No id of ours: it changes nothing. */
const nobody = '~'
const event: EventInput = { type: 'container.claimed', actor: 'server', subject: nobody }

/**
 * Opens every session and has it parse and plan the claim path's statements, by claims of nothing: the first tenants would else wait for
 * it, once a session.
 */
export async function warmSessions(claims: ClaimStore, sessions: number): Promise<void> {
  await Promise.all(
    Array.from({ length: sessions }, () =>
      claims.bind(
        {
          claimId: nobody as ClaimId,
          tenantId: nobody as TenantId,
          poolId: nobody as PoolId,
          containerId: nobody as ContainerId,
          source: 'pool',
          metadata: {},
          secretNames: [],
          maxClaims: 1,
        },
        { event },
      ),
    ),
  )
  await Promise.all(Array.from({ length: sessions }, () => claims.activate([{ claimId: nobody as ClaimId, event }])))
}
