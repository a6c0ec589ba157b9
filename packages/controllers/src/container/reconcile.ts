import { isFault, type ContainerId } from '@boilerhouse/base'
import type { ContainerRecord } from '@boilerhouse/resources'

import type { Term } from '../controller-deps.ts'
import type { Gate } from '../host/gate.ts'
import type { Again } from '../queue/work-queue.ts'
import { applyStep, type Pass } from './apply.ts'
import type { Memories } from './memories.ts'
import { planContainer, type ContainerView } from './plan.ts'

export interface ContainerWork {
  readonly term: Term
  readonly memories: Memories
  /** Starts and removals of the engine, over all pools. */
  readonly starts: Gate
  readonly removals: Gate
}

/** More steps than a container ever takes in one pass; reaching it is a plan that contradicts itself. */
const maxSteps = 12

/** Looks at one container and does what is due, step after step, until it has to wait. */
export async function reconcileContainer(work: ContainerWork, id: ContainerId, signal: AbortSignal): Promise<Again> {
  const { term, memories } = work
  let row = await term.store.containers.get(id)
  for (let count = 0; count < maxSteps && row; count++) {
    const view = await look(work, row, signal)
    const step = planContainer(view)
    if (step.kind === 'forget') break
    if (step.kind === 'wait') return step.againMs === undefined ? {} : { againMs: step.againMs }
    row = await applyPass(work, { row, view, signal }, step)
  }
  if (row && row.state !== 'gone') return { againMs: 250 }
  memories.forget(id)
  term.engine.forget(id)
  term.activity.forget(id)
  return {}
}

async function applyPass(
  work: ContainerWork,
  pass: Pass,
  step: Parameters<typeof applyStep>[2],
): Promise<ContainerRecord | undefined> {
  try {
    return await applyStep(work, pass, step)
  } catch (error) {
    if (!isFault(error, 'runtime.container_gone') || pass.row.state === 'draining') throw error
    work.term.engine.forget(pass.row.id)
    return pass.row
  }
}

async function look({ term, memories }: ContainerWork, row: ContainerRecord, signal: AbortSignal): Promise<ContainerView> {
  const { store, catalogue, engine, runtime, clock, disk } = term
  // A new row has no container yet, and `ensure` takes over one that is there; everything else is asked for.
  const isNew = row.state === 'starting' && engine.get(row.id) === 'unknown'
  if (engine.isStale(row.id) && engine.isConnected && !isNew && row.state !== 'draining') {
    const askedAt = engine.turn()
    engine.set(row.id, (await runtime.get(row.id, signal)) ?? 'absent', askedAt)
  }
  const [pool, workload, claim, isDiskFull] = await Promise.all([
    catalogue.pool(row.poolId),
    catalogue.workload(row.workloadId),
    row.claimId ? store.claims.get(row.claimId) : undefined,
    row.state === 'starting' ? disk.isFull(signal) : false,
  ])
  const memory = memories.of(row)
  return {
    row: { ...row, health: memory.health },
    engine: engine.get(row.id),
    isEngineConnected: engine.isConnected,
    pool,
    workload,
    claim,
    memory,
    isDiskFull,
    now: clock.nowMs(),
  }
}
