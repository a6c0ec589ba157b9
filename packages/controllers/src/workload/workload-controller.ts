import type { WorkloadId } from '@boilerhouse/base'

import type { RunningController, Term } from '../controller-deps.ts'
import { Gate } from '../host/gate.ts'
import { WorkQueue } from '../queue/work-queue.ts'
import { reconcileWorkload, type WorkloadWork } from './reconcile.ts'

/** Finds or builds the image of each workload. */
export function startWorkloadController(term: Term): RunningController {
  const work: WorkloadWork = { term, tried: new Map(), builds: new Gate(1) }
  const queue = new WorkQueue<WorkloadId>({
    name: 'workload',
    clock: term.clock,
    metrics: term.metrics,
    log: term.log,
    concurrency: 16,
    backoff: { firstMs: 250, maxMs: 30_000 },
    reconcile: (id, signal) => reconcileWorkload(work, id, signal),
    onFenced: () => term.leadership.stepBack(),
  })
  return {
    wake: (key, options) => queue.wake(key as WorkloadId, options),
    resync: () => resync(term, queue),
    depth: () => queue.depth,
    running: () => queue.running,
    stop: () => queue.stop(),
  }
}

async function resync({ store }: Term, queue: WorkQueue<WorkloadId>): Promise<void> {
  for (let cursor: string | undefined; ;) {
    const page = await store.workloads.list({ limit: 500, ...(cursor ? { cursor } : {}) })
    for (const { id } of page.items) queue.wake(id)
    if (page.nextCursor === undefined) return
    cursor = page.nextCursor
  }
}
