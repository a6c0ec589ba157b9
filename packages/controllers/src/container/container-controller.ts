import { isFault, type ContainerId } from '@boilerhouse/base'

import type { RunningController, Term } from '../controller-deps.ts'
import { Gate } from '../host/gate.ts'
import { WorkQueue } from '../queue/work-queue.ts'
import { startSampler } from '../sampler/sampler.ts'
import { Memories } from './memories.ts'
import { reconcileContainer, type ContainerWork } from './reconcile.ts'
import { removeUnknown } from './remove-unknown.ts'

const engineConcurrency = 8

/** Starts, probes, replaces and removes containers, and samples them. */
export function startContainerController(term: Term): RunningController {
  const limit = term.settings.engineConcurrency ?? engineConcurrency
  const work: ContainerWork = { term, memories: new Memories(), starts: new Gate(limit), removals: new Gate(limit) }
  const queue = new WorkQueue<ContainerId>({
    name: 'container',
    clock: term.clock,
    metrics: term.metrics,
    log: term.log,
    // Passes mostly wait for the engine, whose gates are narrower: a slow one must not hold up the others.
    concurrency: 512,
    backoff: { firstMs: 100, maxMs: 5_000 },
    reconcile: (id, signal) => reconcileContainer(work, id, signal),
    onFenced: () => term.leadership.stepBack(),
  })
  const sampler = startSampler(term)
  return {
    wake: (key, options) => queue.wake(key as ContainerId, options),
    resync: () => resync(term, queue),
    depth: () => queue.depth,
    running: () => queue.running,
    async stop() {
      await Promise.all([queue.stop(), sampler.stop()])
    },
  }
}

async function resync(term: Term, queue: WorkQueue<ContainerId>): Promise<void> {
  const { engine, runtime, store, leadership } = term
  if (engine.isConnected) {
    try {
      const askedAt = engine.turn()
      const list = await runtime.list(leadership.signal)
      engine.replace(list, askedAt)
      await removeUnknown(term, list)
    } catch (error) {
      if (!isFault(error)) throw error
      // The rows are looked at all the same; the watch tells when the engine is back.
      term.log.warn('the engine could not be listed', { error })
    }
  }
  for (const row of await store.containers.all()) queue.wake(row.id)
}
