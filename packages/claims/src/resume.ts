import { isFault, type ClaimId, type FaultCode } from '@boilerhouse/base'
import type { ClaimRecord } from '@boilerhouse/resources'

import { abandonClaim } from './abandon.ts'
import { activateClaim } from './activate.ts'
import type { ClaimsWorld } from './claims-deps.ts'
import { endIfIdle } from './idle.ts'
import { claimKey } from './in-flight.ts'
import { isLost, loseContainer, recoverClaim } from './recover.ts'
import { continueRelease } from './release.ts'
import type { Run } from './run.ts'
import { standingContainer } from './standing-container.ts'
import { isUpdatePending, redeliverClaim } from './update-claim.ts'

/** While a request works on the claim nothing else is due; it is looked at again after it. */
const busyAgainMs = 1000
/** An open circuit is left by a release alone. */
const circuitAgainMs = 60_000

const waitingCodes: readonly FaultCode[] = [
  'pool.exhausted',
  'pool.degraded',
  'claim.timeout',
  'host.disk_full',
  'host.container_limit',
]

export type Again = { readonly againMs?: number }

/** Looks at a claim and does the next thing that is due, whatever happened before. */
export async function resumeClaim(
  world: ClaimsWorld,
  claimId: ClaimId,
  begin: (interrupted: AbortSignal) => Run,
): Promise<Again> {
  const first = await world.store.claims.get(claimId)
  if (!first) return {}
  const key = claimKey(first.tenantId, first.poolId)
  if (world.inFlight.isBusy(key)) return { againMs: busyAgainMs }
  return world.inFlight.run(key, async (interrupted) => {
    const claim = await world.store.claims.get(claimId)
    if (!claim) return {}
    try {
      return await dispatch(world, begin(interrupted), claim)
    } catch (error) {
      if (isFault(error, 'claim.circuit_open')) return { againMs: circuitAgainMs }
      // Nothing is wrong with the claim: there is no place for it yet, or it is being asked again.
      if (isFault(error) && waitingCodes.includes(error.code)) return { againMs: error.retryAfterMs ?? busyAgainMs }
      throw error
    }
  })
}

async function dispatch(world: ClaimsWorld, run: Run, claim: ClaimRecord): Promise<Again> {
  switch (claim.state) {
    case 'pending':
    case 'restoring':
      return deliverStanding(world, run, claim)
    case 'active':
      return resumeActive(world, run, claim)
    case 'recovering':
      await recoverClaim(world, run, claim)
      return {}
    case 'releasing':
      await continueRelease(world, run, claim)
      return {}
    // Somebody was told: a release or a force goes on. The others are final.
    case 'release_failed':
    case 'released':
    case 'failed':
      return {}
  }
}

/** A claim that nobody waits for any more is delivered all the same, or ends once its program does not answer in time. */
async function deliverStanding(world: ClaimsWorld, run: Run, claim: ClaimRecord): Promise<Again> {
  const { store, catalogue, clock } = world
  // Where it throws, the controller's backoff decides when the next try is due.
  const container = await standingContainer(world, run, claim)
  if (!container) return {}
  const [pool, workload] = await Promise.all([catalogue.pool(claim.poolId), catalogue.workload(claim.workloadId)])
  const leftMs = claim.claimedAt + pool.spec.startDeadlineMs - clock.nowMs()
  try {
    await activateClaim(
      world,
      { ...run, deadlineMs: clock.monotonicMs() + Math.max(0, leftMs) },
      { claim, container, workload },
      'healthy',
    )
  } catch (error) {
    if (!isFault(error, 'claim.timeout')) throw error
    const newest = (await store.claims.get(claim.id)) ?? claim
    await abandonClaim(
      world,
      run,
      newest,
      `claim.not_healthy: not within startDeadlineMs (${pool.spec.startDeadlineMs} ms): ${error.message}`,
    )
  }
  return {}
}

async function resumeActive(world: ClaimsWorld, run: Run, claim: ClaimRecord): Promise<Again> {
  const { store, catalogue } = world
  const container = claim.containerId ? await store.containers.get(claim.containerId) : undefined
  if (!container || isLost(container)) {
    await recoverClaim(world, run, await loseContainer(world, run, claim, container))
    return {}
  }
  const workload = await catalogue.workload(claim.workloadId)
  const current = isUpdatePending(claim) ? await redeliverClaim(world, run, { claim, container, workload }) : claim
  return endIfIdle(world, run, current, workload)
}
