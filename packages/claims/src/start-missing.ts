import { Fault, newContainerId, type PoolId } from '@boilerhouse/base'
import { isLiveClaim, type PoolRecord, type WorkloadRecord } from '@boilerhouse/resources'

import type { DemandDeps } from './wait-for-container.ts'

/** How many of a pool's waiting claims may hope, and what the others are told. */
export interface Supply {
  readonly room: number
  readonly reason: () => Fault
}

/** Retry-After of a pool that is full: about what a release and a start take. */
const retryAfterMs = 2000

/** Starts what is missing for `wanted` waiting claims, below `maxSize`; what is starting already counts. */
export async function startMissing(deps: DemandDeps, poolId: PoolId, wanted: number): Promise<Supply> {
  if (wanted === 0) return { room: Infinity, reason: () => exhausted(poolId) }
  const pool = await deps.catalogue.pool(poolId)
  const workload = await deps.catalogue.workload(pool.workloadId)
  const refusal = refusalOf(pool, workload)
  if (refusal) return { room: 0, reason: () => refusal }
  // Its image is being made: nothing can start yet, and an event tells when.
  if (workload.status.state === 'creating') return { room: Infinity, reason: () => exhausted(poolId) }
  const counts = (await deps.store.containers.counts(poolId)).get(poolId) ?? {}
  let coming = (counts.starting ?? 0) + (counts.resetting ?? 0)
  while (coming < wanted) {
    const outcome = await startOne(deps, pool, workload)
    if (outcome === 'ok') {
      coming++
      continue
    }
    if (outcome === 'draining' || outcome === 'no_pool') return { room: 0, reason: () => draining(poolId) }
    const ending = (counts.draining ?? 0) + (counts.failed ?? 0) + (counts.unhealthy ?? 0) + (await endingBound(deps, poolId))
    return { room: coming + ending, reason: () => (outcome === 'full' ? exhausted(poolId, pool.spec.maxSize) : hostFull(deps)) }
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

async function startOne(
  { store, clock, settings, metrics }: DemandDeps,
  pool: PoolRecord,
  workload: WorkloadRecord,
): Promise<Awaited<ReturnType<typeof store.containers.create>>['outcome']> {
  const id = newContainerId(clock.nowMs())
  const created = await store.containers.create(
    { id, poolId: pool.id, workloadGeneration: workload.generation, onDemand: true, maxContainers: settings.maxContainers },
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

/** Bound containers whose claim is over, or just being released: their place is free in a moment. */
async function endingBound({ store }: DemandDeps, poolId: PoolId): Promise<number> {
  const [bound, claims] = await Promise.all([
    store.containers.all({ poolId, states: ['bound', 'lost'] }),
    store.claims.all({ poolId }),
  ])
  const staying = new Set(
    claims.filter(({ state }) => isLiveClaim(state) && state !== 'releasing').map(({ containerId }) => containerId),
  )
  return bound.filter(({ id }) => !staying.has(id)).length
}

const exhausted = (poolId: PoolId, maxSize?: number): Fault =>
  new Fault('pool.exhausted', `Pool ${poolId} has no free container${maxSize === undefined ? '' : ` (maxSize ${maxSize})`}`, {
    retryAfterMs,
  })
const draining = (poolId: PoolId): Fault => new Fault('pool.draining', `Pool ${poolId} is being deleted`)
const hostFull = ({ settings }: DemandDeps): Fault =>
  new Fault('host.container_limit', `All pools together hold ${settings.maxContainers} containers`, { retryAfterMs })
