import { backoffMs, isFault, type BackoffPolicy, type Clock, type Logger, type Metrics } from '@boilerhouse/base'

import { DueHeap } from './due-heap.ts'

/** What a pass says: look again after `againMs`, or only when something wakes the key. */
export interface Again {
  readonly againMs?: number
}

export interface WorkQueueOptions<Key extends string> {
  readonly name: string
  readonly clock: Clock
  readonly metrics: Metrics
  readonly log: Logger
  /** Keys looked at at once; a key itself is looked at by one pass at a time. */
  readonly concurrency: number
  readonly backoff?: BackoffPolicy
  readonly reconcile: (key: Key, signal: AbortSignal) => Promise<Again>
  /** Another process leads: the holder of this queue steps back. */
  readonly onFenced: () => void
}

export interface WakeOptions {
  readonly afterMs?: number
  /** Ends the backoff of a failing key: somebody changed what it failed at. */
  readonly isUrgent?: boolean
}

interface Entry {
  /** When it is due, monotonic; absent while nothing is asked for. */
  dueMs?: number
  isRunning: boolean
  failures: number
  notBeforeMs: number
}

/**
 * Keys that wait to be looked at. A key woken ten times is looked at once; one woken during its own pass is looked at again after
 * it; one that fails waits longer each time, and delays no other. The key, never the event, is what the pass gets.
 */
export class WorkQueue<Key extends string> {
  readonly #options: WorkQueueOptions<Key>
  readonly #backoff: BackoffPolicy
  readonly #entries = new Map<Key, Entry>()
  readonly #ready = new Set<Key>()
  readonly #later = new DueHeap<Key>()
  readonly #running = new Set<Promise<void>>()
  readonly #stop = new AbortController()
  #armed: { readonly dueMs: number; readonly cancel: AbortController } | undefined

  constructor(options: WorkQueueOptions<Key>) {
    this.#options = options
    this.#backoff = options.backoff ?? { firstMs: 100, maxMs: 30_000 }
  }

  /** Keys that are due and wait for their pass. */
  get depth(): number {
    return this.#ready.size
  }

  get running(): number {
    return this.#running.size
  }

  wake(key: Key, { afterMs = 0, isUrgent = false }: WakeOptions = {}): void {
    if (this.#stop.signal.aborted) return
    const entry = this.#entries.get(key) ?? { isRunning: false, failures: 0, notBeforeMs: 0 }
    this.#entries.set(key, entry)
    if (isUrgent) {
      entry.notBeforeMs = 0
      entry.failures = 0
    }
    const dueMs = Math.max(this.#options.clock.monotonicMs() + afterMs, entry.notBeforeMs)
    if (entry.dueMs !== undefined && entry.dueMs <= dueMs) return
    entry.dueMs = dueMs
    if (!entry.isRunning) this.#schedule(key, dueMs)
  }

  /** Ends waiting keys, aborts the passes that run and waits until they have ended. */
  async stop(): Promise<void> {
    this.#stop.abort()
    this.#armed?.cancel.abort()
    this.#ready.clear()
    this.#entries.clear()
    await Promise.allSettled(this.#running)
  }

  #schedule(key: Key, dueMs: number): void {
    if (dueMs > this.#options.clock.monotonicMs()) {
      this.#later.push(key, dueMs)
      this.#arm()
      return
    }
    this.#ready.add(key)
    this.#pump()
  }

  #pump(): void {
    const { name, metrics, concurrency } = this.#options
    for (const key of this.#ready) {
      if (this.#running.size >= concurrency) break
      this.#ready.delete(key)
      const entry = this.#entries.get(key)
      if (!entry || entry.isRunning) continue
      const run = this.#run(key, entry).finally(() => {
        this.#running.delete(run)
        this.#pump()
      })
      this.#running.add(run)
    }
    metrics.gauge('queue_depth', { controller: name }, this.#ready.size)
  }

  async #run(key: Key, entry: Entry): Promise<void> {
    const { clock, metrics, name, reconcile } = this.#options
    const lagMs = clock.monotonicMs() - (entry.dueMs ?? clock.monotonicMs())
    metrics.observe('queue_lag_seconds', { controller: name }, Math.max(0, lagMs) / 1000)
    delete entry.dueMs
    entry.isRunning = true
    // The caller that wakes is never held up by the pass itself.
    await Promise.resolve()
    try {
      const { againMs } = await reconcile(key, this.#stop.signal)
      entry.failures = 0
      entry.notBeforeMs = 0
      this.#finish(key, entry, againMs)
    } catch (error) {
      this.#fail(key, entry, error)
    }
  }

  #fail(key: Key, entry: Entry, error: unknown): void {
    if (this.#stop.signal.aborted) return
    const { clock, log, metrics, name, onFenced } = this.#options
    const code = isFault(error) ? error.code : 'server.internal'
    metrics.count('reconcile_errors_total', { controller: name, code })
    if (code === 'store.fenced') return onFenced()
    entry.failures += 1
    const waitMs = backoffMs(this.#backoff, entry.failures)
    entry.notBeforeMs = clock.monotonicMs() + waitMs
    log.warn('a pass failed', { controller: name, key, failures: entry.failures, waitMs, error })
    // A wake during the pass does not shorten the wait: what fails at once would otherwise be tried in a hot loop.
    if (entry.dueMs !== undefined) entry.dueMs = Math.max(entry.dueMs, entry.notBeforeMs)
    this.#finish(key, entry, waitMs)
  }

  #finish(key: Key, entry: Entry, againMs: number | undefined): void {
    entry.isRunning = false
    if (this.#stop.signal.aborted) return
    const againAt = againMs === undefined ? undefined : this.#options.clock.monotonicMs() + againMs
    if (againAt !== undefined) entry.dueMs = Math.min(entry.dueMs ?? againAt, againAt)
    if (entry.dueMs === undefined) this.#entries.delete(key)
    else this.#schedule(key, entry.dueMs)
  }

  #arm(): void {
    const next = this.#later.peek()
    if (!next || (this.#armed && this.#armed.dueMs <= next.dueMs)) return
    this.#armed?.cancel.abort()
    const cancel = new AbortController()
    this.#armed = { dueMs: next.dueMs, cancel }
    const { clock } = this.#options
    void clock.sleep(Math.max(0, next.dueMs - clock.monotonicMs()), cancel.signal).then(() => {
      if (!cancel.signal.aborted) this.#fire()
    })
  }

  #fire(): void {
    this.#armed = undefined
    const now = this.#options.clock.monotonicMs()
    for (let next = this.#later.peek(); next && next.dueMs <= now; next = this.#later.peek()) {
      this.#later.pop()
      const entry = this.#entries.get(next.key)
      // A key that was woken for an earlier time left this item behind.
      if (entry && !entry.isRunning && entry.dueMs === next.dueMs) this.#ready.add(next.key)
    }
    this.#pump()
    this.#arm()
  }
}
