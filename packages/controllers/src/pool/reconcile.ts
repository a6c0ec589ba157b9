import { isFault, newContainerId, type ContainerId, type PoolId } from '@boilerhouse/base'
import {
  isDiskExceeded,
  liveContainerStates,
  startedWithOf,
  type ContainerRecord,
  type PoolRecord,
  type WorkloadRecord,
} from '@boilerhouse/resources'

import { transit } from '../container/transit.ts'
import { actorOf, type Term } from '../controller-deps.ts'
import type { Again } from '../queue/work-queue.ts'
import { closedCircuit } from './circuit.ts'
import { drainPool } from './drain.ts'
import { removeFormerNetwork } from './former-network.ts'
import { planPool, type PoolPlan, type PoolStep, type PoolView } from './plan.ts'
import type { PoolMemories, PoolMemory } from './pool-memory.ts'
import { writeStatus } from './status.ts'

export interface PoolWork {
  readonly term: Term
  readonly memories: PoolMemories
}

const notBound = liveContainerStates.filter((state) => state !== 'bound')
const networkAgainMs = 5_000

/** Looks at one pool, applies its plan and tells its status. */
export async function reconcilePool(work: PoolWork, id: PoolId, signal: AbortSignal): Promise<Again> {
  const { term, memories } = work
  const { store, clock } = term
  const pool = await store.pools.get(id)
  if (!pool) {
    memories.forget(id)
    return {}
  }
  const memory = memories.of(pool, clock.nowMs())
  const [workload, containers] = await Promise.all([
    term.catalogue.workload(pool.workloadId),
    store.containers.all({ poolId: id, states: notBound }),
  ])
  // After the rows, so that one that is bound in between is counted twice and not forgotten: maxSize is never passed.
  const bound = (await store.containers.counts(id)).get(id)?.bound ?? 0
  noteChanges(memory, workload)
  const overDisk = await findOverDisk(work, memory, id)
  const view = await viewOf(work, memory, { pool, workload, containers, bound, overDisk }, signal)
  const plan = planPool(view)
  for (const step of plan.steps) if (!(await applyStep(term, view, step))) break
  if (plan.isProven) memory.circuit = closedCircuit
  if (!plan.isShort) delete memory.shortSince
  else memory.shortSince ??= clock.nowMs()
  await writeStatus(term, pool, plan)
  await removeFormerNetwork(term, memory, view, signal)
  if (pool.status.phase === 'draining') return drainPool(work, pool, memory, containers, bound, signal)
  return againOf(plan, memory)
}

function againOf(plan: PoolPlan, { networkFault }: PoolMemory): Again {
  const againMs = Math.min(plan.againMs ?? Number.POSITIVE_INFINITY, networkFault ? networkAgainMs : Number.POSITIVE_INFINITY)
  return Number.isFinite(againMs) ? { againMs } : {}
}

/** A changed workload, or another image under its tag, gets its chance at once. */
function noteChanges(memory: PoolMemory, workload: WorkloadRecord | undefined): void {
  if (workload?.status.state === 'ready') {
    const started = `${workload.generation} ${workload.status.imageId}`
    if (memory.startedFrom !== undefined && memory.startedFrom !== started) memory.circuit = closedCircuit
    memory.startedFrom = started
  }
}

/** Bound rows are many, and are read only where one of them may be paused. */
async function findOverDisk({ term }: PoolWork, memory: PoolMemory, poolId: PoolId): Promise<readonly ContainerId[]> {
  if (!memory.mayHoldPaused) return []
  // Told meanwhile: looked for again.
  memory.mayHoldPaused = false
  const found = (await term.store.containers.all({ poolId, states: ['bound'] })).filter(isDiskExceeded).map(({ id }) => id)
  memory.mayHoldPaused ||= found.length > 0
  return found
}

type Rows = Pick<PoolView, 'pool' | 'workload' | 'containers' | 'bound' | 'overDisk'>

async function viewOf({ term }: PoolWork, memory: PoolMemory, rows: Rows, signal: AbortSignal): Promise<PoolView> {
  const { clock, disk, settings, store } = term
  const view = (room: number, freeMb: number): PoolView => ({
    ...rows,
    circuit: memory.circuit,
    host: { freeMb, minFreeMb: settings.minFreeMb, room },
    shortSince: memory.shortSince,
    now: clock.nowMs(),
    ...(memory.networkFault ? { networkFault: memory.networkFault } : {}),
  })
  const freeMb = await disk.freeMb(signal)
  if (memory.networkFault && memory.networkFault.retryAt <= clock.nowMs()) delete memory.networkFault
  const first = view(Number.POSITIVE_INFINITY, freeMb)
  // Only a pool that wants containers pays for the network and for counting everybody's. A network that could not be made is tried
  // again at its own pace, however often the pool is woken.
  if (!planPool(first).steps.some((step) => step.kind === 'create')) return first
  await ensureNetwork(term, memory, rows, signal)
  return view(settings.maxContainers - (await countLive(store)), freeMb)
}

async function countLive(store: Term['store']): Promise<number> {
  let live = 0
  for (const counts of (await store.containers.counts()).values())
    for (const [state, count] of Object.entries(counts)) if (state !== 'gone') live += count ?? 0
  return live
}

/** A network that cannot be made is a condition of its pool, not a fault of the pass: the others go on. */
async function ensureNetwork(
  { networks, clock }: Term,
  memory: PoolMemory,
  { pool, workload }: Rows,
  signal: AbortSignal,
): Promise<void> {
  if (!workload) return
  try {
    await networks.ensure(pool, workload, signal)
  } catch (error) {
    if (!isFault(error) || error.code === 'runtime.unavailable' || error.code.startsWith('store.')) throw error
    memory.networkFault = { code: error.code, message: error.message, retryAt: clock.nowMs() + networkAgainMs }
  }
}

/** False where the store refused: the view is out of date, and the event that made it so wakes the pool again. */
async function applyStep(term: Term, { pool, workload, containers }: PoolView, step: PoolStep): Promise<boolean> {
  if (step.kind === 'create') return workload !== undefined && create(term, pool, workload)
  const row = containers.find((one): one is ContainerRecord => one.id === step.containerId)
  if (row) await transit(term, row, step.kind === 'fail' ? 'failed' : 'draining', { reason: step.reason })
  if (row) term.wake('container', row.id)
  return true
}

async function create(term: Term, pool: PoolRecord, workload: WorkloadRecord): Promise<boolean> {
  const id = newContainerId(term.clock.nowMs())
  const created = await term.store.containers.create(
    {
      id,
      poolId: pool.id,
      workloadGeneration: workload.generation,
      onDemand: false,
      startedWith: startedWithOf(pool.spec),
      maxContainers: term.settings.maxContainers,
    },
    {
      fence: term.leadership.fence,
      event: { type: 'container.created', actor: actorOf('pool'), subject: `container/${id}`, poolId: pool.id, containerId: id },
    },
  )
  if (created.outcome !== 'ok') return false
  term.metrics.count('transitions_total', { kind: 'container', to: 'starting' })
  term.wake('container', id)
  return true
}
