import type { RunningController, Term } from '../controller-deps.ts'
import { runQueue, termQueue } from '../queue/term-queue.ts'

const hourMs = 3_600_000
const dayMs = 24 * hourMs
const everyMs = 10 * 60_000

/** What is removed, and how long each is kept. Nothing live is ever among it: each prune takes final rows only. */
const prunes: Readonly<Record<string, (term: Term, now: number, keptMs: number) => Promise<number>>> = {
  containers: ({ store }, now, keptMs) => store.containers.prune(now - keptMs),
  claims: ({ store }, now, keptMs) => store.claims.prune(now - keptMs),
  events: ({ store }, now, keptMs) => store.events.prune(now - keptMs),
  idempotency: ({ store }, now) => store.idempotency.prune(now - dayMs),
  series10s: ({ store }, now) => store.series.prune(10_000, now - hourMs),
  series1min: ({ store }, now) => store.series.prune(60_000, now - 7 * dayMs),
}

/** Keeps the log and the tables bounded. */
export function startRetentionController(term: Term): RunningController {
  const queue = termQueue<string>(term, {
    name: 'retention',
    concurrency: 1,
    backoff: { firstMs: 60_000, maxMs: everyMs },
    reconcile: async (what) => {
      const removed = await prunes[what]?.(term, term.clock.nowMs(), term.settings.retentionMs ?? 7 * dayMs)
      if (removed) term.log.info('old rows were removed', { what, removed })
      return { againMs: everyMs }
    },
  })
  let isFirst = true
  return runQueue(queue, {
    async resync() {
      if (isFirst) for (const what of Object.keys(prunes)) queue.wake(what, { afterMs: 60_000 })
      isFirst = false
    },
  })
}
