import type { ClaimRecord } from '@boilerhouse/resources'

import type { ClaimsWorld } from './claims-deps.ts'
import type { Run } from './run.ts'

/**
 * Stops the claim's container and keeps the files of its state volume. `isKept` is false where there is nothing to keep. A container
 * that is gone has no volume any more.
 */
export async function keepState(world: ClaimsWorld, run: Run, claim: ClaimRecord): Promise<{ readonly isKept: boolean }> {
  const { store, runtime, catalogue, inFlight } = world
  const container = claim.containerId ? await store.containers.get(claim.containerId) : undefined
  if (!container || container.state === 'gone') return { isKept: false }
  const workload = await catalogue.workload(claim.workloadId)
  // An older generation may have had a state volume that the newest spec does not name.
  const mayHaveState = workload.spec.volumes.state !== undefined || workload.generation !== container.workloadGeneration
  await run.timings.phase('stop', () => runtime.stop(container.id, workload.spec.stopTimeoutMs, run.signal))
  if (!mayHaveState) return { isKept: false }
  const { kept } = await run.timings.phase('keep', () =>
    inFlight.moveState(claim, () => runtime.volumes(container.id).keep(claim, run.signal)),
  )
  return { isKept: kept }
}
