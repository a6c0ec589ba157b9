import { Fault, type ContainerId } from '@boilerhouse/base'
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
  const { environment } = world.settings
  const delivery = deliveryOf(claim, container.id, values)
  const start =
    workload.spec.warmth === 'parked' ? { environment: environmentFor(environment, workload, delivery, values) } : undefined
  const { isStarted } = await run.timings.phase('deliver', () =>
    world.runtime.deliver(container.id, start ? { ...delivery, start } : delivery, run.signal),
  )
  if (!isStarted) throw new Fault('runtime.deliver_failed', `The program of container ${container.id} did not start`)
  if (workload.spec.warmth === 'parked' && ready === 'healthy') await firstProbe(world, run, bond)
  await runHook(world, run, 'postClaim', workload.spec.hooks.postClaim, container.id, values)
}

/** Without the start of a parked program. */
export const deliveryOf = (
  { id, revision, tenantId, poolId, claimedAt }: Pick<ClaimRecord, 'id' | 'revision' | 'tenantId' | 'poolId' | 'claimedAt'>,
  containerId: ContainerId,
  { config, metadata, secrets }: ClaimValues,
): Delivery => ({
  claimId: id,
  revision,
  tenantId,
  poolId,
  containerId,
  config,
  metadata,
  secrets,
  claimedAt: new Date(claimedAt).toISOString(),
})
