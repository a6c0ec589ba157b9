import { Fault, isFault, type TenantId } from '@boilerhouse/base'
import type { ClaimAnswer, ClaimRequest, PoolRecord } from '@boilerhouse/resources'

import { activateNew } from './activate.ts'
import { bindContainer } from './bind.ts'
import { checkValues, withRequest, type ClaimValues } from './claim-values.ts'
import type { ClaimsWorld } from './claims-deps.ts'
import type { Bond } from './deliver.ts'
import { endpointsOf } from './endpoints.ts'
import { holdExisting } from './existing.ts'
import type { Run } from './run.ts'

export interface ClaimOutcome {
  readonly answer: ClaimAnswer
  readonly isNew: boolean
}

/** Warm members that died unnoticed are replaced so often before the caller is told. */
const maxAttempts = 3

/** Binds, delivers, activates (design §5); a claim that the tenant holds is brought up to date instead. Runs under the claim's lock. */
export async function claimTenant(
  world: ClaimsWorld,
  run: Run,
  tenantId: TenantId,
  request: ClaimRequest,
): Promise<ClaimOutcome> {
  const { catalogue } = world
  const pool = await catalogue.pool(request.poolId as PoolRecord['id']) // a DNS label: the schema said so
  const workload = await catalogue.workload(pool.workloadId)
  const values = withRequest(request)
  const invalid = faultOf(() => checkValues(world, { tenantId, poolId: pool.id, workload, values }))
  // What a request leaves out may come from the claim that the tenant holds: only a new one needs to be whole.
  if (invalid || pool.status.phase === 'draining') {
    const live = await world.store.claims.live(tenantId, pool.id)
    if (!live) throw invalid ?? new Fault('pool.draining', `Pool ${pool.id} is being deleted`)
    const held = await holdExisting(world, run, live, request)
    if (held.outcome === 'over') throw invalid ?? new Fault('pool.draining', `Pool ${pool.id} is being deleted`)
    return outcome(world, run, held.bond, held.isNew)
  }
  for (let attempt = 1; ; attempt++) {
    try {
      const done = await attemptClaim(world, run, { tenantId, pool, workload, values }, request)
      if (done) return outcome(world, run, done.bond, done.isNew)
    } catch (error) {
      const isDeadMember = isFault(error, 'runtime.container_gone') || isFault(error, 'runtime.deliver_failed')
      if (!isDeadMember || attempt >= maxAttempts || run.signal.aborted) throw error
      world.log.info('a warm container was dead; the claim takes another', { tenantId, poolId: pool.id, attempt, error })
    }
  }
}

/** Undefined where a former claim of the tenant ended meanwhile: bind again. */
async function attemptClaim(
  world: ClaimsWorld,
  run: Run,
  wanted: {
    readonly tenantId: TenantId
    readonly pool: PoolRecord
    readonly workload: Bond['workload']
    readonly values: ClaimValues
  },
  request: ClaimRequest,
): Promise<{ readonly bond: Bond; readonly isNew: boolean } | undefined> {
  const bound = await bindContainer(world, run, wanted)
  if (bound.outcome === 'exists') {
    const held = await holdExisting(world, run, bound.claim, request)
    return held.outcome === 'held' ? held : undefined
  }
  const bond = { claim: bound.claim, container: bound.container, workload: wanted.workload, values: wanted.values }
  return { bond: { ...bond, claim: await activateNew(world, run, bond, request.ready) }, isNew: true }
}

function outcome(
  { settings, activity, metrics }: ClaimsWorld,
  run: Run,
  { claim, container, workload }: Bond,
  isNew: boolean,
): ClaimOutcome {
  activity.note(claim.id)
  const timings = run.timings.all()
  const source = isNew ? claim.source : 'existing'
  metrics.count('claims_total', { source, outcome: 'ok' })
  metrics.observe('claim_duration_seconds', { source }, (timings['total'] ?? 0) / 1000)
  const answer: ClaimAnswer = {
    tenantId: claim.tenantId,
    poolId: claim.poolId,
    containerId: container.id,
    claimId: claim.id,
    state: claim.state,
    source,
    revision: claim.revision,
    endpoints: endpointsOf(claim, workload, container, settings),
    timings,
    claimedAt: new Date(claim.claimedAt).toISOString(),
  }
  return { answer, isNew }
}

function faultOf(action: () => void): Fault | undefined {
  try {
    action()
    return undefined
  } catch (error) {
    if (isFault(error)) return error
    throw error
  }
}
