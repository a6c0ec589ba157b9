import { isFault, type ContainerId } from '@boilerhouse/base'

import type { RunningController, Term } from '../controller-deps.ts'
import { Gate } from '../host/gate.ts'
import { runQueue, termQueue } from '../queue/term-queue.ts'
import type { WorkQueue } from '../queue/work-queue.ts'
import { startSampler } from '../sampler/sampler.ts'
import { Memories } from './memories.ts'
import { reconcileContainer, type ContainerWork } from './reconcile.ts'
import { removeUnknown } from './remove-unknown.ts'

const engineConcurrency = 8

/** Starts, probes, replaces and removes containers, and samples them. */
export function startContainerController(term: Term): RunningController {
  const limit = term.settings.engineConcurrency ?? engineConcurrency
  const work: ContainerWork = { term, memories: new Memories(), starts: new Gate(limit), removals: new Gate(limit) }
  const queue = termQueue<ContainerId>(term, {
    name: 'container',
    // Passes mostly wait for the engine, whose gates are narrower: a slow one must not hold up the others.
    concurrency: 512,
    backoff: { firstMs: 100, maxMs: 5_000 },
    reconcile: (id, signal) => reconcileContainer(work, id, signal),
  })
  const sampler = startSampler(term)
  return runQueue(queue, {
    resync: (isFull) => resync(term, queue, isFull),
    async stop() {
      await Promise.all([queue.stop(), sampler.stop()])
    },
  })
}

/** One list of the engine, one of the rows, one of the claims; only those that do not fit together get a pass of their own. */
async function resync(term: Term, queue: WorkQueue<ContainerId>, isFull: boolean): Promise<void> {
  const { store } = term
  const changed = new Set(await listEngine(term))
  const [rows, claims] = await Promise.all([store.containers.all(), store.claims.all()])
  const held = new Set(claims.map((claim) => claim.containerId))
  for (const row of rows) {
    const isAtRest = row.state === 'warm' || (row.state === 'bound' && held.has(row.id))
    if (isFull || !isAtRest || changed.has(row.id)) queue.wake(row.id)
  }
}

/** Containers that are not as they were known. */
async function listEngine(term: Term): Promise<readonly ContainerId[]> {
  const { engine, runtime, leadership } = term
  if (!engine.isConnected) return []
  try {
    const askedAt = engine.turn()
    const list = await runtime.list(leadership.signal)
    const changed = engine.replace(list, askedAt)
    await removeUnknown(term, list)
    return changed
  } catch (error) {
    if (!isFault(error)) throw error
    // The rows are looked at all the same; the watch tells when the engine is back.
    term.log.warn('the engine could not be listed', { error })
    return []
  }
}
