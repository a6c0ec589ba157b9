import { Fault, newContainerId, type PoolId } from '@boilerhouse/base'
import { isLiveClaim, type ContainerRecord, startedWithOf, type PoolRecord, type WorkloadRecord } from '@boilerhouse/resources'

import type { DemandDeps } from './wait-for-container.ts'

/** How many of a pool's waiting claims may hope, and what the others are told. */
export interface Supply {
  readonly room: number
  readonly reason: () => Fault
}

/** Retry-After of a pool that is full: about what a release and a start take. */
const retryAfterMs = 2000
/** Retry-After of a host that is full: somebody has to make room. */
const hostRetryAfterMs = 5000
/** So often a full pool is asked again where a place seems free: others may be quicker. */
const maxLooks = 3

/** How many containers of the pool will be warm without anybody's doing. */
export async function countComing({ store }: DemandDeps, poolId: PoolId): Promise<number> {
  const { starting = 0, resetting = 0 } = (await store.containers.counts(poolId)).get(poolId) ?? {}
  return starting + resetting
}

export interface Wanted {
  /** By how many waiting claims. */
  readonly wanted: number
  /** See `countComing`. */
  readonly coming: number
}

/** Starts what is missing for the waiting claims, below `maxSize`; what is coming already counts. */
export async function startMissing(deps: DemandDeps, poolId: PoolId, { wanted, coming: counted }: Wanted): Promise<Supply> {
  if (wanted === 0) return { room: Infinity, reason: () => exhausted(poolId) }
  // Read anew: what stands in the way (a full disk) may have gone without an event.
  const pool = await deps.store.pools.get(poolId)
  if (!pool) throw new Fault('pool.not_found', `There is no pool ${poolId}`)
  const workload = await deps.catalogue.workload(pool.workloadId)
  const refusal = refusalOf(pool, workload)
  if (refusal) return { room: 0, reason: () => refusal }
  // Its image is being made: nothing can start yet, and an event tells when.
  if (workload.status.state === 'creating') return { room: Infinity, reason: () => exhausted(poolId) }
  let coming = counted
  const diskFull = diskFullFault(pool)
  if (diskFull) return { room: coming, reason: () => diskFull }
  for (let looks = 0; coming < wanted; looks++) {
    const outcome = await startOne(deps, pool, workload)
    if (outcome === 'ok') {
      coming++
      continue
    }
    if (outcome === 'draining' || outcome === 'no_pool') return { room: 0, reason: () => draining(poolId) }
    const { all, soon } = await placesOf(deps, poolId)
    // A place became free between the refusal and this look: take it.
    if (outcome === 'full' && all < pool.spec.maxSize && looks < wanted + maxLooks) continue
    return { room: soon, reason: () => (outcome === 'full' ? exhausted(poolId, pool.spec.maxSize) : hostFull(deps)) }
  }
  return { room: wanted, reason: () => exhausted(poolId) }
}

function refusalOf({ id, status }: PoolRecord, workload: WorkloadRecord): Fault | undefined {
  if (status.phase === 'draining') return draining(id)
  if (workload.status.state === 'error') {
    return new Fault('workload.not_ready', `Workload ${workload.id} is in error: ${workload.status.reason ?? 'no reason given'}`)
  }
  if (status.phase !== 'degraded') return undefined
  const why = status.conditions.map(({ reason, message }) => `${reason}: ${message}`).join('; ')
  return new Fault('pool.degraded', `Pool ${id} cannot start containers: ${why || 'no reason given'}`, { retryAfterMs: 5000 })
}

/** The host's disk is full: what starts already may still become warm, nothing else does. */
function diskFullFault({ status }: PoolRecord): Fault | undefined {
  const condition = status.conditions.find(({ type }) => type === 'HostDiskFull')
  return condition && hostFault('host.disk_full', condition.message)
}

const hostCodes = ['host.disk_full', 'host.container_limit'] as const

/** What a container's start failed of, where the host was in the way and not the workload: another start would fail too. */
export function hostRefusal(reason: string): Fault | undefined {
  const code = hostCodes.find((each) => reason.startsWith(each))
  return code && hostFault(code, reason)
}

async function startOne(
  { store, clock, settings, metrics }: DemandDeps,
  pool: PoolRecord,
  workload: WorkloadRecord,
): Promise<Awaited<ReturnType<typeof store.containers.create>>['outcome']> {
  const id = newContainerId(clock.nowMs())
  const created = await store.containers.create(
    {
      id,
      poolId: pool.id,
      workloadGeneration: workload.generation,
      onDemand: true,
      startedWith: startedWithOf(pool.spec),
      maxContainers: settings.maxContainers,
    },
    {
      event: {
        type: 'container.created',
        actor: 'claims',
        subject: `container/${id}`,
        poolId: pool.id,
        containerId: id,
        data: { onDemand: true },
      },
    },
  )
  if (created.outcome === 'ok') metrics.count('transitions_total', { kind: 'container', to: 'starting' })
  return created.outcome
}

/**
 * The pool's containers, and those that a waiting claim may hope for: what starts or became warm (a refill may have been quicker than
 * this claim's own start), what goes already, and what is bound to a claim that is over or just being released. One look, so that a
 * container that moves on meanwhile is not missed on both sides.
 */
async function placesOf({ store }: DemandDeps, poolId: PoolId): Promise<{ readonly all: number; readonly soon: number }> {
  // Containers first: whatever is bound by then has its claim among those read next, or that claim is over.
  const containers = await store.containers.all({ poolId })
  const claims = await store.claims.all({ poolId })
  const staying = new Set(
    claims.filter(({ state }) => isLiveClaim(state) && state !== 'releasing').map(({ containerId }) => containerId),
  )
  const isSoon = ({ id, state }: ContainerRecord) => {
    if (state === 'bound' || state === 'lost') return !staying.has(id)
    return state !== 'quarantined'
  }
  return { all: containers.length, soon: containers.filter(isSoon).length }
}

const exhausted = (poolId: PoolId, maxSize?: number): Fault =>
  new Fault('pool.exhausted', `Pool ${poolId} has no free container${maxSize === undefined ? '' : ` (maxSize ${maxSize})`}`, {
    retryAfterMs,
  })
const draining = (poolId: PoolId): Fault => new Fault('pool.draining', `Pool ${poolId} is being deleted`)
const hostFull = ({ settings }: DemandDeps): Fault =>
  hostFault('host.container_limit', `All pools together hold ${settings.maxContainers} containers`)
const hostFault = (code: (typeof hostCodes)[number], why: string): Fault =>
  new Fault(code, why, { retryAfterMs: hostRetryAfterMs })
