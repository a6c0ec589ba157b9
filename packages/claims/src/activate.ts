import { Fault, isFault } from '@boilerhouse/base'
import type { ClaimRecord, ClaimRequest, ClaimSource } from '@boilerhouse/resources'

import { abandonClaim } from './abandon.ts'
import type { ClaimsWorld } from './claims-deps.ts'
import { deliverClaim, type Bond } from './deliver.ts'
import { claimEvent, countTransition, reasonOf, type Run } from './run.ts'

/**
 * From bound to active: the tenant's files first, then the delivery, then the mark in the store. May be called again after a crash
 * at any step. A failure that trying again cannot cure ends the claim as `failed`, its files kept first; any other leaves it as it is.
 */
export async function activateClaim(
  world: ClaimsWorld,
  run: Run,
  bond: Bond,
  ready: ClaimRequest['ready'],
): Promise<ClaimRecord> {
  let current = bond
  try {
    if (bond.workload.spec.volumes.state) current = { ...bond, claim: await restoreState(world, run, bond) }
    await deliverClaim(world, run, current, ready)
  } catch (error) {
    if (!isPassing(error, run)) await abandonClaim(world, run, current.claim, reasonOf(error))
    throw error
  }
  return await run.timings.phase('activate', () => markActive(world, run, current.claim))
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

/** Lazy: where a crash of the database loses it, the claim is delivered once more. */
async function markActive({ store, metrics }: ClaimsWorld, run: Run, claim: ClaimRecord): Promise<ClaimRecord> {
  const data = { source: claim.source, from: claim.state, totalMs: run.timings.all()['total'] ?? 0 }
  const event = claimEvent('claim.active', claim, run, data)
  const updated = await store.claims.transition(
    claim.id,
    ['pending', 'restoring', 'recovering'],
    'active',
    { reason: undefined },
    { event, lazy: true },
  )
  if (updated.outcome === 'ok') countTransition(metrics, 'active')
  return updated.outcome === 'conflict' && updated.record.state === 'active' ? updated.record : settled(updated)
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
