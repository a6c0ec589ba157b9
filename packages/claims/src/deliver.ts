import { Fault } from '@boilerhouse/base'
import type { ClaimRecord, ClaimRequest, ContainerRecord, WorkloadRecord } from '@boilerhouse/resources'
import type { Delivery } from '@boilerhouse/runtime'

import { environmentFor, valuesOf, type ClaimValues } from './claim-values.ts'
import type { ClaimsWorld } from './claims-deps.ts'
import { firstProbe } from './first-probe.ts'
import { runHook } from './hook.ts'
import type { Run } from './run.ts'

export interface Bond {
  readonly claim: ClaimRecord
  readonly container: ContainerRecord
  readonly workload: WorkloadRecord
  /** What the claim brings, where it was just sealed: else it is opened again. */
  readonly values?: ClaimValues
}

/**
 * Hands a claim over to its container: the files of its slot, the start of a parked program and its first probe, the postClaim
 * hook. Idempotent by (claimId, revision); nothing is written to the store.
 */
export async function deliverClaim(world: ClaimsWorld, run: Run, bond: Bond, ready: ClaimRequest['ready']): Promise<void> {
  const { claim, container, workload } = bond
  const values = bond.values ?? valuesOf(world, claim)
  const delivery = deliveryOf(world, bond, values)
  const { isStarted } = await run.timings.phase('deliver', () => world.runtime.deliver(container.id, delivery, run.signal))
  if (!isStarted) throw new Fault('runtime.deliver_failed', `The program of container ${container.id} did not start`)
  if (workload.spec.warmth === 'parked' && ready === 'healthy') await firstProbe(world, run, bond)
  await runHook(world, run, 'postClaim', workload.spec.hooks.postClaim, container.id, values)
}

function deliveryOf({ settings }: ClaimsWorld, { claim, container, workload }: Bond, values: ClaimValues): Delivery {
  const ids = { tenantId: claim.tenantId, poolId: claim.poolId, containerId: container.id }
  return {
    claimId: claim.id,
    revision: claim.revision,
    ...ids,
    config: values.config,
    metadata: values.metadata,
    secrets: values.secrets,
    claimedAt: new Date(claim.claimedAt).toISOString(),
    ...(workload.spec.warmth === 'parked'
      ? { start: { environment: environmentFor(settings.environment, workload, ids, values) } }
      : {}),
  }
}
