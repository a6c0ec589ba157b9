import type { PoolId } from '@boilerhouse/base'

import type { RunningController, Term } from '../controller-deps.ts'
import { runQueue, termQueue } from '../queue/term-queue.ts'
import { everyPool } from './every-pool.ts'
import { Pace } from './pace.ts'
import { PoolMemories } from './pool-memory.ts'
import { reconcilePool, type PoolWork } from './reconcile.ts'

/** Keeps each pool at its size. */
export function startPoolController(term: Term): RunningController {
  const work: PoolWork = { term, memories: new PoolMemories() }
  const unsubscribe = term.hub.subscribe((event) => {
    work.memories.learn(event)
    if (event.type === 'container.disk_exceeded' && event.poolId) queue.wake(event.poolId)
    // Nothing starts without an engine, but a pool that was called degraded because the engine ended is told again at once.
    if (event.type === 'runtime.disconnected')
      void wakeAll().catch((error: unknown) => term.log.warn('pools were not woken', { error }))
  })
  const pace = new Pace(term.clock)
  const queue = termQueue<PoolId>(term, {
    name: 'pool',
    concurrency: 64,
    backoff: { firstMs: 100, maxMs: 5_000 },
    reconcile: (id, signal) => pace.timed(id, () => reconcilePool(work, id, signal)),
  })
  const wakeAll = async () => {
    for (const pool of await everyPool(term.store)) queue.wake(pool.id)
  }
  return runQueue(queue, {
    wake: (key, options) => queue.wake(key as PoolId, { ...options, afterMs: Math.max(options?.afterMs ?? 0, pace.waitMs(key)) }),
    resync: wakeAll,
    async stop() {
      unsubscribe()
      await queue.stop()
    },
  })
}
