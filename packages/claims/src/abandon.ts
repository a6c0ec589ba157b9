import { Fault } from '@boilerhouse/base'
import type { ClaimRecord } from '@boilerhouse/resources'

import type { ClaimsWorld } from './claims-deps.ts'
import { keepState } from './keep-state.ts'
import { claimEvent, countTransition, type Run } from './run.ts'

/** Stands before the reason of a claim that is being ended: its container may be stopped already, so nothing is delivered any more. */
const abandoned = 'abandoned: '

export const isAbandoned = ({ reason }: ClaimRecord): boolean => reason?.startsWith(abandoned) ?? false

/** What a claim that cannot be ended yet tells its tenant. */
export const abandonedFault = ({ id, reason }: ClaimRecord): Fault =>
  new Fault('state.restore_failed', `Claim ${id} waits until its files are kept again: ${reason ?? ''}`, { retryAfterMs: 1000 })

/**
 * Ends a claim that never became active (or could not recover) as `failed`. Its files are kept first; where they cannot be, the
 * claim stays as it is and the next pass tries again. The next claim starts from what is kept.
 */
export async function abandonClaim(world: ClaimsWorld, run: Run, claim: ClaimRecord, why: string): Promise<boolean> {
  const { store, log, metrics } = world
  const reason = why.startsWith(abandoned) ? why.slice(abandoned.length) : why
  try {
    if (!isAbandoned(claim)) await store.claims.patch(claim.id, [claim.state], { reason: abandoned + reason }, {})
    // Files may be half-way back: from here on nobody hears the caller's signal.
    await keepState(world, { ...run, signal: world.closed }, claim)
  } catch (error) {
    log.warn('a failed claim stays: its files could not be kept', { claimId: claim.id, containerId: claim.containerId, error })
    return false
  }
  const event = claimEvent('claim.failed', claim, run, { reason, from: claim.state })
  const updated = await store.claims.transition(claim.id, ['pending', 'restoring', 'recovering'], 'failed', { reason }, { event })
  if (updated.outcome === 'ok') countTransition(metrics, 'failed')
  return updated.outcome === 'ok'
}
