import type { ClaimId } from '@boilerhouse/base'

import type { RunningController, Term } from '../controller-deps.ts'
import { WorkQueue } from '../queue/work-queue.ts'
import { reconcileClaim } from './reconcile.ts'

/** Takes up claims that stand still, lost their container or idled out. */
export function startClaimController(term: Term): RunningController {
  const queue = new WorkQueue<ClaimId>({
    name: 'claim',
    clock: term.clock,
    metrics: term.metrics,
    log: term.log,
    // A pass may last as long as a tenant's hook: one slow tenant must not delay the others.
    concurrency: 256,
    backoff: { firstMs: 250, maxMs: 30_000 },
    reconcile: (id, signal) => reconcileClaim(term, id, signal),
    onFenced: () => term.leadership.stepBack(),
  })
  return {
    wake: (key, options) => queue.wake(key as ClaimId, options),
    async resync() {
      for (const { id } of await term.store.claims.all()) queue.wake(id)
    },
    depth: () => queue.depth,
    running: () => queue.running,
    stop: () => queue.stop(),
  }
}
