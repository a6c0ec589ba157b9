import type { ClaimRecord, ContainerRecord } from '@boilerhouse/resources'

import { abandonClaim, abandonedFault, isAbandoned } from './abandon.ts'
import type { ClaimsWorld } from './claims-deps.ts'
import { isLost } from './recover.ts'
import type { Run } from './run.ts'

/**
 * Where a claim that is not active yet is delivered to. Undefined where its container is gone or the claim is being ended: it is over
 * then. Throws `state.restore_failed` as long as its files cannot be kept.
 */
export async function standingContainer(world: ClaimsWorld, run: Run, claim: ClaimRecord): Promise<ContainerRecord | undefined> {
  const container = claim.containerId ? await world.store.containers.get(claim.containerId) : undefined
  if (container && !isLost(container) && !isAbandoned(claim)) return container
  const reason = isAbandoned(claim) ? claim.reason : container?.reason
  if (!(await abandonClaim(world, run, claim, reason ?? 'its container is gone'))) throw abandonedFault(claim)
  return undefined
}
