import { invariant, isFault } from '@boilerhouse/base'
import { stuckRemoval, withRemovalFault, type ContainerRecord } from '@boilerhouse/resources'
import type { Updated } from '@boilerhouse/store'

import { probeContainer } from './apply-probe.ts'
import { failureReason, startContainer } from './apply-start.ts'
import { uncleanReason, type ContainerStep, type ContainerView } from './plan.ts'
import type { Term } from '../controller-deps.ts'
import type { ContainerWork } from './reconcile.ts'
import { releasedData, transit } from './transit.ts'

export interface Pass {
  readonly row: ContainerRecord
  readonly view: ContainerView
  readonly signal: AbortSignal
}

/** Does one step; resolves to the row as it is then, undefined where it is gone from the store. */
export async function applyStep(
  work: ContainerWork,
  pass: Pass,
  step: Exclude<ContainerStep, { kind: 'wait' }>,
): Promise<ContainerRecord | undefined> {
  const { term } = work
  const { row, view } = pass
  switch (step.kind) {
    case 'start':
      return startContainer(work, pass)
    case 'probe':
      return probeContainer(work, pass)
    case 'warm':
      return warm(work, pass)
    case 'fail':
      return next(await transit(term, row, 'failed', { reason: await failureReason(term, row, step.reason, pass.signal) }))
    case 'lose':
      return next(await transit(term, row, 'lost', { reason: step.reason }))
    case 'quarantine':
      return next(await transit(term, row, 'quarantined', { reason: step.reason }))
    case 'drain':
      return next(await transit(term, row, 'draining', { reason: step.reason }, drainData(row, view, step.isBroken)))
    case 'reset':
      return reset(work, pass)
    case 'wipe':
      return wipe(work, pass)
    case 'destroy':
      return destroy(work, pass)
    case 'forget':
      return undefined
  }
}

function drainData(row: ContainerRecord, { workload }: ContainerView, isBroken = false): Readonly<Record<string, unknown>> {
  return row.state === 'bound' ? releasedData(workload) : { isBroken }
}

/** The row after a write; where another writer was first, the row as that one left it. */
export const next = (updated: Updated<ContainerRecord>): ContainerRecord | undefined =>
  updated.outcome === 'missing' ? undefined : updated.record

async function warm({ term, memories }: ContainerWork, { row, view }: Pass): Promise<ContainerRecord | undefined> {
  const { engine } = view
  invariant(typeof engine === 'object', 'a container is warm only where the engine runs it')
  const tookMs = term.clock.nowMs() - row.createdAt
  const health = memories.of(row).health
  const patch = { health, ...(engine.address ? { address: engine.address } : {}) }
  const updated = await transit(term, row, 'warm', patch, { tookMs })
  if (updated.outcome === 'ok' && row.state === 'starting')
    term.metrics.observe('refill_seconds', { pool: row.poolId }, tookMs / 1000)
  const intervalMs = view.workload?.spec.healthCheck?.intervalMs
  if (updated.outcome === 'ok' && intervalMs !== undefined && memories.of(row).hasPassed) {
    memories.of(updated.record)
    // The probe that made it warm was its first.
    memories.update(row.id, { nextProbeAt: term.clock.nowMs() + intervalMs })
  }
  return next(updated)
}

/** The wipe is a removal with everything the tenant left, and a new start under the same id. */
async function reset({ term, memories }: ContainerWork, { row, view }: Pass): Promise<ContainerRecord | undefined> {
  const updated = await transit(term, row, 'resetting', {}, releasedData(view.workload))
  if (updated.outcome !== 'ok') return next(updated)
  memories.of(row)
  memories.update(row.id, { resetAt: term.clock.nowMs(), health: { status: 'unknown', failures: 0, history: [] } })
  return updated.record
}

async function wipe(work: ContainerWork, pass: Pass): Promise<ContainerRecord | undefined> {
  const { term, removals } = work
  const { row, signal } = pass
  try {
    await term.runtime.stop(row.id, pass.view.workload?.spec.stopTimeoutMs ?? 0, signal)
    await removals.run(() => term.runtime.destroy(row.id, signal))
    const started = await startContainer(work, pass)
    work.memories.update(row.id, { isWiped: true })
    return started
  } catch (error) {
    if (!isFault(error) || error.code === 'runtime.unavailable' || signal.aborted) throw error
    return next(await transit(term, row, 'quarantined', { reason: `${uncleanReason}: ${error.code}: ${error.message}` }))
  }
}

async function destroy({ term, removals }: ContainerWork, { row, signal }: Pass): Promise<ContainerRecord | undefined> {
  try {
    await removals.run(() => term.runtime.destroy(row.id, signal))
  } catch (error) {
    if (isFault(error) && !signal.aborted) await tellStuck(term, row, `${error.code}: ${error.message}`)
    throw error
  }
  return next(await transit(term, row, 'gone'))
}

/** What fails for a moment is tried again and nobody's concern; what fails for long stands in the row, for its pool and the doctor. */
async function tellStuck(term: Term, row: ContainerRecord, fault: string): Promise<void> {
  const told = stuckRemoval(row, term.clock.nowMs())
  if (told === undefined || told === fault) return
  const patch = { reason: withRemovalFault(row.reason, fault) }
  const updated = await term.store.containers.patch(row.id, ['draining'], patch, { fence: term.leadership.fence })
  if (updated.outcome === 'ok') term.wake('pool', row.poolId)
}
