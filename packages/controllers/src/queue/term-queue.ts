import type { RunningController, Term } from '../controller-deps.ts'
import { WorkQueue, type WorkQueueOptions } from './work-queue.ts'

type Own<Key extends string> = Pick<WorkQueueOptions<Key>, 'name' | 'concurrency' | 'backoff' | 'reconcile'>

/** The queue of a controller for one term: it counts, logs and steps back as they all do. */
export const termQueue = <Key extends string>(term: Term, own: Own<Key>): WorkQueue<Key> =>
  new WorkQueue<Key>({
    ...own,
    clock: term.clock,
    metrics: term.metrics,
    log: term.log,
    onFenced: () => term.leadership.stepBack(),
  })

/** A controller that is nothing but its queue, so far as it says no more. */
export const runQueue = <Key extends string>(
  queue: WorkQueue<Key>,
  own: Pick<RunningController, 'resync'> & Partial<RunningController>,
): RunningController => ({
  wake: (key, options) => queue.wake(key as Key, options),
  depth: () => queue.depth,
  running: () => queue.running,
  stop: () => queue.stop(),
  ...own,
})
