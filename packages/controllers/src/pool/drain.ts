import { isFault, type ClaimId, type ContainerId, type PoolId } from '@boilerhouse/base'
import { holdsUnkeptFiles, type RequestContext } from '@boilerhouse/claims'
import type { ClaimRecord, ContainerRecord, PoolRecord } from '@boilerhouse/resources'

import { actorOf, type Term } from '../controller-deps.ts'
import type { Again } from '../queue/work-queue.ts'
import type { PoolMemory } from './pool-memory.ts'
import type { PoolWork } from './reconcile.ts'

/** A release that failed is tried again so often; an operator may force it in between. */
const releaseAgainMs = 60_000
/** Keeping the files of a quarantined container is tried so often, this far apart; then it goes without: a pool's end never hangs. */
const maxKeepAttempts = 3
const keepAgainMs = 10_000

/**
 * Ends a deleted pool: its tenants are released as if they had asked for it, each by itself, the files of quarantined containers are
 * kept where that is possible, and then the pool goes.
 */
export async function drainPool(
  { term, memories }: PoolWork,
  pool: PoolRecord,
  memory: PoolMemory,
  containers: readonly ContainerRecord[],
  bound: number,
  signal: AbortSignal,
): Promise<Again> {
  const claims = await term.store.claims.all({ poolId: pool.id })
  for (const claim of claims) startRelease(term, memory, claim, signal)
  if (claims.length > 0) return { againMs: releaseAgainMs }
  for (const row of containers.filter(holdsUnkeptFiles)) startRemoval(term, memory, row, signal)
  if (containers.length + bound > 0) return { againMs: 1_000 }
  await term.networks.remove(pool.id, signal)
  const removed = await term.store.pools.remove(pool.id, { fence: term.leadership.fence, event: deletedEvent(pool.id) })
  if (removed.outcome === 'conflict') return { againMs: 1_000 }
  memories.forget(pool.id)
  return {}
}

function startRelease(term: Term, memory: PoolMemory, { id, tenantId, poolId }: ClaimRecord, signal: AbortSignal): void {
  startTry(term, memory, { id, poolId, againMs: releaseAgainMs, signal }, async (context) => {
    try {
      await term.claims.release(tenantId, { poolId }, context)
    } catch (error) {
      // Ended by somebody else meanwhile: nothing is left to do.
      if (!isFault(error, 'claim.not_found')) throw error
    }
  })
}

function startRemoval(term: Term, memory: PoolMemory, { id, poolId }: ContainerRecord, signal: AbortSignal): void {
  startTry(term, memory, { id, poolId, againMs: keepAgainMs, signal }, (context, attempt) =>
    term.claims.removeContainer(id, { force: attempt > maxKeepAttempts }, context),
  )
}

interface Try {
  readonly id: ClaimId | ContainerId
  readonly poolId: PoolId
  readonly againMs: number
  readonly signal: AbortSignal
}

/** Not waited for: what is slow for one tenant delays neither the others nor the pool's own pass. */
function startTry(
  term: Term,
  { tries }: PoolMemory,
  { id, poolId, againMs, signal }: Try,
  action: (context: RequestContext, attempt: number) => Promise<void>,
): void {
  const now = term.clock.nowMs()
  const known = tries.get(id)
  if (known && (!known.isDone || now - known.startedAt < againMs)) return
  const run = { startedAt: now, isDone: false, attempt: (known?.attempt ?? 0) + 1 }
  tries.set(id, run)
  const attempt = async () => {
    try {
      await action({ actor: actorOf('pool'), correlationId: `pool-${poolId}-${id}`, signal }, run.attempt)
    } catch (error) {
      if (!signal.aborted) term.log.warn('the end of a deleted pool waits', { id, poolId, attempt: run.attempt, error })
    } finally {
      run.isDone = true
      term.wake('pool', poolId)
    }
  }
  void attempt()
}

const deletedEvent = (poolId: PoolId) =>
  ({ type: 'pool.deleted', actor: actorOf('pool'), subject: `pool/${poolId}`, poolId }) as const
