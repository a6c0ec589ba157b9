import type { ClaimRecord } from '@boilerhouse/resources'

import type { ClaimsWorld } from './claims-deps.ts'
import { keepState } from './keep-state.ts'
import { claimEvent, countTransition, type Run } from './run.ts'

/**
 * Ends a claim that never became active (or could not recover) as `failed`. Its files are kept first; where they cannot be, the
 * claim stays as it is and the next pass tries again. The next claim starts from what is kept.
 */
export async function abandonClaim(world: ClaimsWorld, run: Run, claim: ClaimRecord, reason: string): Promise<boolean> {
  const { store, log, metrics } = world
  try {
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
