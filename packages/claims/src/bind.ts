import { Fault, newClaimId, type TenantId } from '@boilerhouse/base'
import type { ClaimRecord, ContainerRecord, EventInput, PoolRecord, WorkloadRecord } from '@boilerhouse/resources'
import type { Delivery } from '@boilerhouse/runtime'
import type { BindInput, BindOutcome } from '@boilerhouse/store'

import type { ClaimValues } from './claim-values.ts'
import type { ClaimsWorld } from './claims-deps.ts'
import { deliveryOf } from './deliver.ts'
import type { Run } from './run.ts'
import { sealValues } from './sealed-values.ts'
import { isVerified } from './verify-candidate.ts'

export interface BindRequest {
  readonly tenantId: TenantId
  readonly pool: PoolRecord
  readonly workload: WorkloadRecord
  readonly values: ClaimValues
}

export type Bound =
  | { readonly outcome: 'bound'; readonly claim: ClaimRecord; readonly container: ContainerRecord }
  | { readonly outcome: 'exists'; readonly claim: ClaimRecord }

/**
 * Takes warm candidates until one is bound: one store call where the first is still warm. Without any it waits for one. Throws
 * `claim.quota`, `state.in_use`, and what `Demand.wait` throws.
 */
export async function bindContainer(world: ClaimsWorld, run: Run, request: BindRequest): Promise<Bound> {
  const { hints, demand } = world
  const { pool } = request
  let source: 'pool' | 'cold' = 'pool'
  const input = bindInput(world, request)
  for (;;) {
    run.signal.throwIfAborted()
    let candidate = await run.timings.phase('bind', () => hints.find(pool.id))
    if (candidate === undefined) {
      const existing = await liveBeforeWaiting(world, request)
      if (existing) return { outcome: 'exists', claim: existing }
      source = 'cold'
      candidate = await run.timings.phase('wait', () => demand.wait(pool.id, run))
    }
    try {
      if (!(await isVerified(world, run, request, candidate))) continue
      // A claim begins when it gets its container: idle times and start periods count from there, however long it waited.
      const claimedAt = Math.floor(world.clock.nowMs())
      const bound = await bindOne(world, run, request, { ...input, claimedAt, containerId: candidate, source })
      if (bound) return bound
    } catch (error) {
      // One that was bound all the same is `taken` for whoever tries it next.
      demand.giveBack(pool.id, candidate)
      throw error
    }
  }
}

/** Undefined where the candidate is not warm any more. Where it throws, the candidate is still the caller's. */
async function bindOne(
  world: ClaimsWorld,
  run: Run,
  { pool, workload, values }: BindRequest,
  input: BindInput & { readonly claimedAt: number },
): Promise<Bound | undefined> {
  const { hints, demand, metrics } = world
  const { containerId, claimId, tenantId, source } = input
  const event = {
    type: 'container.claimed',
    actor: run.actor,
    correlationId: run.correlationId,
    subject: `container/${containerId}`,
    tenantId,
    poolId: pool.id,
    containerId,
    claimId,
    revision: 1,
    data: { source, workloadId: workload.id, resources: workload.spec.resources },
  } as const
  const delivery = deliveryOf({ ...input, id: claimId, revision: 1 }, containerId, values)
  const bound = await run.timings.phase('bind', () => bindStaged(world, input, event, delivery))
  if (bound.outcome === 'quota') throw quota(tenantId, bound.held)
  if (bound.outcome === 'state_in_use') throw stateInUse(bound.claim)
  if (bound.outcome === 'exists') {
    demand.giveBack(pool.id, containerId)
    return bound
  }
  hints.forget(containerId)
  if (bound.outcome === 'taken') return undefined
  metrics.count('transitions_total', { kind: 'container', to: 'bound' })
  metrics.count('transitions_total', { kind: 'claim', to: 'pending' })
  return bound
}

/** Its files are made ready while the database is at it: after this turn of the loop, at whose end the bind is sent. */
async function bindStaged(
  { store, runtime }: ClaimsWorld,
  input: BindInput,
  event: EventInput,
  delivery: Delivery,
): Promise<BindOutcome> {
  const { containerId } = input
  const staging = setImmediate(() => runtime.stage?.(containerId, delivery))
  let isBound = false
  try {
    const bound = await store.claims.bind(input, { event })
    isBound = bound.outcome === 'bound'
    return bound
  } finally {
    clearImmediate(staging)
    // Before the candidate is handed on: it is another tenant's, or will be.
    if (!isBound) runtime.unstage?.(containerId)
  }
}

function bindInput({ clock, box, settings }: ClaimsWorld, { tenantId, pool, workload, values }: BindRequest) {
  const claimId = newClaimId(clock.nowMs())
  const sealed = sealValues(box, claimId, values)
  return {
    claimId,
    tenantId,
    poolId: pool.id,
    config: values.config,
    metadata: values.metadata,
    secretNames: [...values.secrets.keys()],
    ...(sealed ? { sealed } : {}),
    ...(workload.spec.volumes.state ? { holdsState: true } : {}),
    ...(settings.maxClaimsPerTenant === undefined ? {} : { maxClaims: settings.maxClaimsPerTenant }),
  }
}

/** A bind would tell all of it, but there is nothing to bind: nobody waits for, or starts, what they may not have. */
async function liveBeforeWaiting(
  { store, settings }: ClaimsWorld,
  { tenantId, pool, workload }: BindRequest,
): Promise<ClaimRecord | undefined> {
  const live = await store.claims.liveOf(tenantId)
  const own = live.find(({ poolId }) => poolId === pool.id)
  if (!own && live.length >= (settings.maxClaimsPerTenant ?? Number.POSITIVE_INFINITY)) throw quota(tenantId, live.length)
  const holder = live.find(({ workloadId, holdsState }) => holdsState && workloadId === workload.id)
  if (!own && holder && workload.spec.volumes.state) throw stateInUse(holder)
  if (!own && pool.status.phase === 'draining') throw new Fault('pool.draining', `Pool ${pool.id} is being deleted`)
  return own
}

const stateInUse = ({ tenantId, poolId, workloadId }: ClaimRecord): Fault =>
  new Fault('state.in_use', `The files of ${tenantId} for workload ${workloadId} are with its claim of pool ${poolId}`)
const quota = (tenantId: TenantId, held: number): Fault =>
  new Fault('claim.quota', `Tenant ${tenantId} holds ${held} claims, as many as it may`)
