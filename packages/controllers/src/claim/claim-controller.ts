import type { ClaimId } from '@boilerhouse/base'
import { liveContainerStates } from '@boilerhouse/resources'

import type { RunningController, Term } from '../controller-deps.ts'
import { runQueue, termQueue } from '../queue/term-queue.ts'
import type { WorkQueue } from '../queue/work-queue.ts'
import { planClaim } from './plan.ts'
import { reconcileClaim } from './reconcile.ts'

/** Takes up claims that stand still, lost their container or idled out. */
export function startClaimController(term: Term): RunningController {
  const queue = termQueue<ClaimId>(term, {
    name: 'claim',
    // A pass may last as long as a tenant's hook: one slow tenant must not delay the others.
    concurrency: 256,
    backoff: { firstMs: 250, maxMs: 30_000 },
    reconcile: (id, signal) => reconcileClaim(term, id, signal),
  })
  return runQueue(queue, { resync: (isFull) => resync(term, queue, isFull) })
}

/** Two reads of everything tell who is due; those that only wait for their idle time have their timer. */
async function resync({ store, catalogue, clock }: Term, queue: WorkQueue<ClaimId>, isFull: boolean): Promise<void> {
  const [claims, others] = await Promise.all([store.claims.all(), store.containers.all({ states: notBound })])
  const lost = new Map(others.map((row) => [row.id, row]))
  for (const claim of claims) {
    const container = claim.containerId ? (lost.get(claim.containerId) ?? boundStandIn) : undefined
    const workload = await catalogue.workload(claim.workloadId)
    if (isFull || planClaim({ claim, container, workload, now: clock.nowMs() }).kind === 'resume') queue.wake(claim.id)
  }
}

const notBound = liveContainerStates.filter((state) => state !== 'bound')
/** All that the plan asks of a container is its state. */
const boundStandIn = { state: 'bound' } as const
