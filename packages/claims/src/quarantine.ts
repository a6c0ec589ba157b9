import type { ClaimRecord } from '@boilerhouse/resources'

import type { ClaimsWorld } from './claims-deps.ts'
import type { Run } from './run.ts'

/**
 * A forced release whose files could not be kept: the container is set aside with its volume, before its claim ends, so that nobody
 * removes it but an operator.
 */
export async function quarantineContainer(
  { store, metrics }: ClaimsWorld,
  run: Run,
  claim: ClaimRecord,
  why: string,
): Promise<void> {
  if (!claim.containerId) return
  const reason = `its tenant's files could not be kept: ${why}`
  const updated = await store.containers.transition(
    claim.containerId,
    ['bound', 'lost'],
    'quarantined',
    { reason },
    {
      event: {
        type: 'container.quarantined',
        actor: run.actor,
        correlationId: run.correlationId,
        subject: `container/${claim.containerId}`,
        tenantId: claim.tenantId,
        poolId: claim.poolId,
        containerId: claim.containerId,
        claimId: claim.id,
        data: { reason, notKept: true },
      },
    },
  )
  if (updated.outcome === 'ok') metrics.count('transitions_total', { kind: 'container', to: 'quarantined' })
}
