import { Fault, isFault, type WorkloadId } from '@boilerhouse/base'
import type { WorkloadRecord, WorkloadStatus } from '@boilerhouse/resources'
import type { ImageFacts } from '@boilerhouse/runtime'

import { actorOf, type Term } from '../controller-deps.ts'
import type { Gate } from '../host/gate.ts'
import type { Again } from '../queue/work-queue.ts'
import { resolveBuildContext } from './build-context.ts'
import { BuildLog } from './build-log.ts'
import { missingFeature } from './check-features.ts'
import { planWorkload, type WorkloadStep, type WorkloadView } from './plan.ts'

export interface WorkloadWork {
  readonly term: Term
  readonly tried: Map<WorkloadId, NonNullable<WorkloadView['tried']> & { readonly revision: number }>
  /** One build at a time: builds share the engine with tenants. */
  readonly builds: Gate
}

const staleAgainMs = 100

/** Brings a workload to `ready`, or to `error` with the reason. */
export async function reconcileWorkload(work: WorkloadWork, id: WorkloadId, signal: AbortSignal): Promise<Again> {
  const { term, tried } = work
  const workload = await term.store.workloads.get(id)
  if (!workload) {
    tried.delete(id)
    return {}
  }
  const before = tried.get(id)
  // A read from before our own last write would have us do it all again.
  if (before && workload.revision < before.revision) return { againMs: staleAgainMs }
  const step = planWorkload({ workload, now: term.clock.nowMs(), ...(before ? { tried: before } : {}) })
  if (step.kind === 'wait') return step.againMs === undefined ? {} : { againMs: step.againMs }
  const status = await statusAfter(work, workload, step, signal)
  const misses = status.state === 'ready' ? 0 : before?.generation === workload.generation ? before.misses + 1 : 1
  const revision = await writeStatus(term, workload, status)
  tried.set(id, { generation: workload.generation, at: term.clock.nowMs(), misses, revision })
  // Says when to look again; another spec has come meanwhile where the write was refused.
  return { againMs: status.state === 'error' ? 1 : 0 }
}

async function statusAfter(
  work: WorkloadWork,
  workload: WorkloadRecord,
  step: Exclude<WorkloadStep, { kind: 'wait' }>,
  signal: AbortSignal,
): Promise<WorkloadStatus> {
  const { runtime, settings } = work.term
  const lacks = step.kind === 'refuse' ? step.reason : missingFeature(workload.spec, runtime.capabilities, settings.allowNetworks)
  if (lacks !== undefined) return { state: 'error', reason: lacks }
  try {
    const facts = step.kind === 'build' ? await build(work, workload, step, signal) : await inspect(work, step, signal)
    return { state: 'ready', imageId: facts.imageId }
  } catch (error) {
    if (!isFault(error) || signal.aborted) throw error
    if (error.retry !== 'later') return { state: 'error', reason: reasonOf(error) }
    await tellHindrance(work.term, workload, error)
    throw error
  }
}

const reasonOf = ({ code, message }: Fault): string => `${code}: ${message}`

/**
 * What the engine said says nothing about the workload, whose state stays; but people see why it is not ready yet. Without an event: it
 * would wake this pass at once, and end its backoff.
 */
async function tellHindrance({ store, leadership }: Term, workload: WorkloadRecord, fault: Fault): Promise<void> {
  const { id, generation, status } = workload
  const isSaid = fault.code.startsWith('runtime.') && fault.code !== 'runtime.unavailable'
  const reason = reasonOf(fault)
  if (!isSaid || status.state !== 'creating' || status.reason === reason) return
  await store.workloads.setStatus(id, generation, { ...status, reason }, { fence: leadership.fence })
}

function inspect({ term }: WorkloadWork, step: WorkloadStep, signal: AbortSignal): Promise<ImageFacts> {
  if (step.kind !== 'inspect') throw new Fault('server.internal', `There is no image to inspect in step ${step.kind}`)
  return term.runtime.inspectImage(step.image, signal)
}

async function build(
  { term, builds }: WorkloadWork,
  { id }: WorkloadRecord,
  step: Extract<WorkloadStep, { kind: 'build' }>,
  signal: AbortSignal,
): Promise<ImageFacts> {
  const context = await resolveBuildContext(term.settings.workloadsDir, step)
  return builds.run(async () => {
    const buildLog = new BuildLog(id, term)
    try {
      return await term.runtime.build({ workloadId: id, ...context, onLog: (text) => buildLog.append(text) }, signal)
    } finally {
      await buildLog.close()
    }
  })
}

/** The revision that the workload has then. */
async function writeStatus(term: Term, workload: WorkloadRecord, status: WorkloadStatus): Promise<number> {
  const { state, reason } = workload.status
  if (state === status.state && reason === status.reason) return workload.revision
  const type = status.state === 'ready' ? 'workload.ready' : 'workload.error'
  const updated = await term.store.workloads.setStatus(workload.id, workload.generation, status, {
    fence: term.leadership.fence,
    event: {
      type,
      actor: actorOf('workload'),
      subject: `workload/${workload.id}`,
      revision: workload.revision,
      data: { generation: workload.generation, ...(status.reason ? { reason: status.reason } : {}) },
    },
  })
  if (updated.outcome === 'ok') term.metrics.count('transitions_total', { kind: 'workload', to: status.state })
  return updated.outcome === 'missing' ? workload.revision : updated.record.revision
}
