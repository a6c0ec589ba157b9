import type { WorkloadId } from '@boilerhouse/base'

import type { RunningController, Term } from '../controller-deps.ts'
import { everyItem } from '../every-item.ts'
import { Gate } from '../host/gate.ts'
import { runQueue, termQueue } from '../queue/term-queue.ts'
import { reconcileWorkload, type WorkloadWork } from './reconcile.ts'

/** Finds or builds the image of each workload. */
export function startWorkloadController(term: Term): RunningController {
  const work: WorkloadWork = { term, tried: new Map(), builds: new Gate(1) }
  const queue = termQueue<WorkloadId>(term, {
    name: 'workload',
    concurrency: 16,
    backoff: { firstMs: 250, maxMs: 30_000 },
    reconcile: (id, signal) => reconcileWorkload(work, id, signal),
  })
  return runQueue(queue, {
    async resync() {
      for (const { id } of await everyItem((query) => term.store.workloads.list(query))) queue.wake(id)
    },
  })
}
