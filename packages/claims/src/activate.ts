import { Fault, isFault } from '@boilerhouse/base'
import type { ClaimRecord, ClaimRequest, ClaimSource } from '@boilerhouse/resources'

import { abandonClaim } from './abandon.ts'
import type { ClaimsWorld } from './claims-deps.ts'
import { deliverClaim, type Bond } from './deliver.ts'
import { claimKey } from './in-flight.ts'
import { claimEvent, countTransition, reasonOf, type Run } from './run.ts'

/** From bound to active, and the mark of it in the store. May be called again after a crash at any step. */
export async function activateClaim(
  world: ClaimsWorld,
  run: Run,
  bond: Bond,
  ready: ClaimRequest['ready'],
): Promise<ClaimRecord> {
  const delivered = await deliverBond(world, run, bond, ready)
  return await run.timings.phase('activate', () => {
    const marked = markActive(world, run, delivered)
    world.activations.hurry()
    return marked
  })
}

/**
 * The same for a claim that nobody else knows of yet: it is answered as active once it is delivered, and its mark is written after
 * the answer. Until then every other use case of this process waits, and a crash only repeats the delivery (docs/adr/0018).
 */
export async function activateNew(world: ClaimsWorld, run: Run, bond: Bond, ready: ClaimRequest['ready']): Promise<ClaimRecord> {
  const delivered = await deliverBond(world, run, bond, ready)
  const { id, tenantId, poolId } = delivered
  const marked = run.timings.phase('activate', () => markActive(world, run, delivered))
  const told = marked.catch((error: unknown) =>
    world.log.warn('a delivered claim is not marked active: it was moved meanwhile, or will be delivered again', {
      claimId: id,
      error,
    }),
  )
  world.inFlight.after(claimKey(tenantId, poolId), told)
  return activeRecord(world, delivered)
}

/**
 * The tenant's files first, then the delivery. A failure that trying again cannot cure ends the claim as `failed`, its files kept
 * first; any other leaves it as it is.
 */
async function deliverBond(world: ClaimsWorld, run: Run, bond: Bond, ready: ClaimRequest['ready']): Promise<ClaimRecord> {
  let current = bond
  try {
    if (bond.workload.spec.volumes.state) current = { ...bond, claim: await restoreState(world, run, bond) }
    await deliverClaim(world, run, current, ready)
  } catch (error) {
    if (!isPassing(error, run)) await abandonClaim(world, run, current.claim, reasonOf(error))
    throw error
  }
  return current.claim
}

async function restoreState(
  { store, runtime, inFlight, metrics }: ClaimsWorld,
  run: Run,
  { claim, container }: Bond,
): Promise<ClaimRecord> {
  let current = claim
  if (claim.state === 'pending') {
    const event = claimEvent('claim.restoring', claim, run)
    current = settled(await store.claims.transition(claim.id, ['pending'], 'restoring', {}, { event, lazy: true }))
    countTransition(metrics, 'restoring')
  }
  const { restored } = await run.timings.phase('restore', () =>
    inFlight.moveState(claim, async () => {
      try {
        return await runtime.volumes(container.id).restore(claim, run.signal)
      } catch (error) {
        if (isFault(error) || run.signal.aborted) throw error
        throw new Fault('state.restore_failed', `The files of ${claim.tenantId} could not be put back`, { cause: error })
      }
    }),
  )
  const source = withData(current.source)
  if (!restored || source === current.source) return current
  // Written now: after a crash the files are there already, and a second restore has nothing to tell.
  return settled(await store.claims.patch(current.id, [current.state], { source }, { lazy: true }))
}

const withData = (source: ClaimSource): ClaimSource => (source === 'pool' || source === 'cold' ? `${source}+data` : source)

/** Where a crash of the database loses the mark, the claim is delivered once more. */
async function markActive(world: ClaimsWorld, run: Run, claim: ClaimRecord): Promise<ClaimRecord> {
  const { store, metrics, activations } = world
  const data = { source: claim.source, from: claim.state, totalMs: run.timings.all()['total'] ?? 0 }
  if (await activations.mark(claim, claimEvent('claim.active', claim, run, data))) {
    countTransition(metrics, 'active')
    return activeRecord(world, claim)
  }
  const newest = await store.claims.get(claim.id)
  return newest?.state === 'active' ? newest : settled({ outcome: 'conflict', ...(newest ? { record: newest } : {}) })
}

function activeRecord({ clock }: ClaimsWorld, { reason: _reason, ...claim }: ClaimRecord): ClaimRecord {
  return { ...claim, state: 'active', updatedAt: Math.floor(clock.nowMs()) }
}

/** The record after a write; throws `claim.conflict` where somebody else moved the claim meanwhile. */
export function settled(updated: { readonly outcome: string; readonly record?: ClaimRecord }): ClaimRecord {
  if (updated.outcome === 'ok' && updated.record) return updated.record
  throw new Fault('claim.conflict', `The claim is ${updated.record?.state ?? 'gone'} meanwhile`, { retryAfterMs: 1000 })
}

const passingCodes = [
  'claim.timeout',
  'claim.conflict',
  'runtime.unavailable',
  'runtime.timeout',
  'store.unavailable',
  'server.stopping',
] as const

/** Whether the same delivery may go through later. */
const isPassing = (error: unknown, run: Run): boolean =>
  run.signal.aborted || !isFault(error) || passingCodes.some((code) => error.code === code)
