import { isFault, type Clock, type Logger } from '@boilerhouse/base'
import type { Fence, LeaseStore } from '@boilerhouse/store'

/** One term of leading a controller. Every write of the term carries `fence`. */
export interface Leadership {
  readonly fence: Fence
  /** Aborts when the term ends, for whatever reason. */
  readonly signal: AbortSignal
  /** A write was refused as fenced: another process leads. */
  stepBack(): void
}

export interface LeadOptions {
  readonly controller: string
  readonly holder: string
  readonly ttlMs: number
  readonly leases: LeaseStore
  readonly clock: Clock
  readonly log: Logger
  /** Starts the work of a term; `stop` resolves when nothing of it runs any more. */
  readonly onLead: (leadership: Leadership) => { stop(): Promise<void> }
}

export interface Leading {
  isLeading(): boolean
  /** Ends the term, then hands the lease over so that the next holder need not wait. */
  stop(): Promise<void>
}

/** Contends for a controller's lease, leads while it is held, steps back when it is not, and contends again. */
export function lead(options: LeadOptions): Leading {
  const stop = new AbortController()
  const state = { isLeading: false }
  const done = contend(options, stop.signal, state)
  return {
    isLeading: () => state.isLeading,
    async stop() {
      stop.abort()
      await done
    },
  }
}

async function contend(options: LeadOptions, stopped: AbortSignal, state: { isLeading: boolean }): Promise<void> {
  const { clock, ttlMs } = options
  while (!stopped.aborted) {
    const fence = await acquire(options)
    if (fence && !stopped.aborted) {
      state.isLeading = true
      await serveTerm(options, fence, stopped)
      state.isLeading = false
    } else if (fence) await release(options, fence)
    await clock.sleep(ttlMs / 3, stopped)
  }
}

async function serveTerm(options: LeadOptions, fence: Fence, stopped: AbortSignal): Promise<void> {
  const { log, controller, onLead } = options
  const term = new AbortController()
  const ended = AbortSignal.any([term.signal, stopped])
  log.info('leading', { controller, fence: fence.fence })
  const work = onLead({ fence, signal: ended, stepBack: () => term.abort() })
  await hold(options, fence, ended)
  term.abort()
  await work.stop()
  log.info('stepped back', { controller, fence: fence.fence })
  // Only an orderly end gives the lease up; one that was lost belongs to somebody else.
  if (stopped.aborted) await release(options, fence)
}

/** Renews until the term ends, another holds the lease, or it could not be renewed for so long that another may. */
async function hold(options: LeadOptions, fence: Fence, ended: AbortSignal): Promise<void> {
  const { clock, ttlMs } = options
  let renewedAt = clock.monotonicMs()
  while (!ended.aborted) {
    await clock.sleep(ttlMs / 3, ended)
    if (ended.aborted) return
    const askedAt = clock.monotonicMs()
    const renewed = await acquire(options)
    if (renewed?.fence === fence.fence) renewedAt = askedAt
    else if (renewed || renewed === null || clock.monotonicMs() - renewedAt > ttlMs * 0.8) return
  }
}

/** The fence, null where another leads, undefined where the store does not answer. */
async function acquire({ leases, controller, holder, ttlMs, log }: LeadOptions): Promise<Fence | null | undefined> {
  try {
    const got = await leases.acquire(controller, holder, ttlMs)
    return got.outcome === 'leading' ? got.fence : null
  } catch (error) {
    log.warn('the lease could not be asked for', { controller, error })
    return undefined
  }
}

async function release({ leases, log, controller }: LeadOptions, fence: Fence): Promise<void> {
  try {
    await leases.release(fence)
  } catch (error) {
    if (!isFault(error, 'store.fenced')) log.warn('the lease could not be handed over', { controller, error })
  }
}
