import { isFault, type PoolId } from '@boilerhouse/base'
import type { ClaimRecord, PoolRecord } from '@boilerhouse/resources'

import { actorOf, type Term } from '../controller-deps.ts'
import type { Again } from '../queue/work-queue.ts'
import type { PoolMemory } from './pool-memory.ts'
import type { PoolWork } from './reconcile.ts'

/** A release that failed is tried again so often; an operator may force it in between. */
const releaseAgainMs = 60_000

/** Ends a deleted pool: its tenants are released as if they had asked for it, each by itself, and then the pool goes. */
export async function drainPool(
  { term, memories }: PoolWork,
  pool: PoolRecord,
  memory: PoolMemory,
  left: number,
  signal: AbortSignal,
): Promise<Again> {
  const claims = await term.store.claims.all({ poolId: pool.id })
  for (const claim of claims) startRelease(term, memory, claim, signal)
  if (claims.length > 0) return { againMs: releaseAgainMs }
  if (left > 0) return { againMs: 1_000 }
  await term.networks.remove(pool.id, signal)
  const removed = await term.store.pools.remove(pool.id, { fence: term.leadership.fence, event: deletedEvent(pool.id) })
  if (removed.outcome === 'conflict') return { againMs: 1_000 }
  memories.forget(pool.id)
  return {}
}

/** Not waited for: one tenant's slow release delays neither the others nor the pool's own pass. */
function startRelease(term: Term, { releases }: PoolMemory, claim: ClaimRecord, signal: AbortSignal): void {
  const now = term.clock.nowMs()
  const known = releases.get(claim.id)
  if (known && (!known.isDone || now - known.startedAt < releaseAgainMs)) return
  const run = { startedAt: now, isDone: false }
  releases.set(claim.id, run)
  const context = { actor: actorOf('pool'), correlationId: `pool-${claim.poolId}-${claim.id}`, signal }
  const release = async () => {
    try {
      await term.claims.release(claim.tenantId, { poolId: claim.poolId }, context)
    } catch (error) {
      // Ended by somebody else meanwhile: nothing is left to do.
      if (!isFault(error, 'claim.not_found') && !signal.aborted)
        term.log.warn('a release for a deleted pool failed', { claimId: claim.id, poolId: claim.poolId, error })
    } finally {
      run.isDone = true
      term.wake('pool', claim.poolId)
    }
  }
  void release()
}

const deletedEvent = (poolId: PoolId) =>
  ({ type: 'pool.deleted', actor: actorOf('pool'), subject: `pool/${poolId}`, poolId }) as const
