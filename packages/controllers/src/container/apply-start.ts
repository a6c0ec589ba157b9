import { Fault, isFault, type FaultCode } from '@boilerhouse/base'
import {
  containerEnvironment,
  networkSizeOf,
  type ContainerRecord,
  type PoolRecord,
  type WorkloadRecord,
} from '@boilerhouse/resources'
import type { ContainerSpec } from '@boilerhouse/runtime'

import { actorOf, type Term } from '../controller-deps.ts'
import { next, type Pass } from './apply.ts'
import type { ContainerWork } from './reconcile.ts'
import { transit } from './transit.ts'

/** These say nothing about the workload: the start is tried again, by the queue's backoff, until startDeadlineMs. */
const passing: readonly FaultCode[] = [
  'runtime.unavailable',
  'runtime.timeout',
  'store.unavailable',
  'store.fenced',
  'server.stopping',
]
const logLines = 5

/** Network first, then the container; both at the engine's pace. */
export async function startContainer({ term, memories, starts }: ContainerWork, { row, view, signal }: Pass) {
  const { pool, workload } = view
  if (!pool || !workload) return row
  const deadline = new AbortController()
  const leftMs = Math.max(0, (memories.of(row).resetAt ?? row.createdAt) + pool.spec.startDeadlineMs - term.clock.nowMs())
  const done = new AbortController()
  void term.clock.sleep(leftMs, done.signal).then(() => deadline.abort())
  const limited = AbortSignal.any([signal, deadline.signal])
  try {
    await term.networks.ensure(pool, workload, limited)
    const askedAt = term.engine.turn()
    const started = await starts.run(() => timedEnsure(term, containerSpec(term, row, pool, workload), limited))
    term.engine.set(row.id, started, askedAt)
    memories.update(row.id, { nextProbeAt: 0, attempts: 0, hasPassed: false })
    return row
  } catch (error) {
    if (signal.aborted || row.state !== 'starting') throw error
    if (deadline.signal.aborted)
      return next(await transit(term, row, 'failed', { reason: `not started within ${pool.spec.startDeadlineMs} ms` }))
    if (isFault(error, 'runtime.network_failed')) term.networks.forget(pool.id)
    if (!isFault(error) || passing.includes(error.code)) throw error
    if (error.code === 'runtime.image_not_found') await tellImageGone(term, workload, error)
    return next(await transit(term, row, 'failed', { reason: `${error.code}: ${error.message}` }))
  } finally {
    done.abort()
  }
}

/** The tag may lead to another image by now: the workload's controller looks it up again. */
async function tellImageGone(term: Term, { id, generation, revision }: WorkloadRecord, { code, message }: Fault): Promise<void> {
  const reason = `${code}: ${message}`
  const event = {
    type: 'workload.error',
    actor: actorOf('container'),
    subject: `workload/${id}`,
    revision,
    data: { generation, reason },
  } as const
  await term.store.workloads.setStatus(id, generation, { state: 'error', reason }, { fence: term.leadership.fence, event })
}

async function timedEnsure(term: Term, spec: ContainerSpec, signal: AbortSignal) {
  const startedAt = term.clock.monotonicMs()
  const container = await term.runtime.ensure(spec, signal)
  term.metrics.observe('container_start_seconds', {}, (term.clock.monotonicMs() - startedAt) / 1000)
  return container
}

function containerSpec(term: Term, row: ContainerRecord, pool: PoolRecord, workload: WorkloadRecord): ContainerSpec {
  const { imageId } = workload.status
  if (imageId === undefined) throw new Fault('workload.not_ready', `Workload ${workload.id} has no image yet`)
  const dns = pool.spec.network.dns ?? workload.spec.network.dns
  return {
    containerId: row.id,
    poolId: row.poolId,
    workloadId: row.workloadId,
    workloadGeneration: row.workloadGeneration,
    workload: workload.spec,
    imageId,
    environment: containerEnvironment(workload.spec, {
      containerId: row.id,
      poolId: row.poolId,
      allowedEnvironment: term.settings.environment,
    }),
    networkSize: networkSizeOf(pool.spec.maxSize),
    ...(dns ? { dns } : {}),
  }
}

/** The reason with the last lines that the container wrote: what a person would look up first. */
export async function failureReason(term: Term, row: ContainerRecord, reason: string, signal: AbortSignal): Promise<string> {
  const lines: string[] = []
  try {
    for await (const line of term.runtime.logs(row.id, { tail: logLines, follow: false }, signal)) lines.push(line.text.trimEnd())
  } catch (error) {
    term.log.debug('a failed container has no readable log', { containerId: row.id, error })
  }
  return lines.length === 0 ? reason : `${reason}; it wrote: ${lines.slice(-logLines).join(' | ').slice(-1_000)}`
}
