import { Fault } from '@boilerhouse/base'
import { isRemoved, type ClaimRecord, type ContainerRecord, type PoolRecord } from '@boilerhouse/resources'

import { abandonClaim, abandonedFault, isAbandoned } from './abandon.ts'
import { activateClaim, settled } from './activate.ts'
import { circuitFault, isCircuitOpen } from './circuit.ts'
import type { ClaimsWorld } from './claims-deps.ts'
import { keepState } from './keep-state.ts'
import { claimEvent, countTransition, type Run } from './run.ts'

/** How many losses a record remembers. */
const rememberedLosses = 10

/** Whether a live claim can no longer count on its container. */
export const isLost = (container: ContainerRecord | undefined): boolean => container?.state !== 'bound'

/**
 * `active -> recovering`: the lost container's files are kept first, then the claim lets go of it. One that somebody removed is no loss:
 * that says nothing about the workload.
 */
export async function loseContainer(
  world: ClaimsWorld,
  run: Run,
  claim: ClaimRecord,
  container: ContainerRecord | undefined,
): Promise<ClaimRecord> {
  const { store, clock, catalogue, metrics } = world
  const pool = await catalogue.pool(claim.poolId)
  const isLoss = !(container && isRemoved(container))
  const said = container?.reason ?? 'its container is gone'
  const reason = isLoss ? said : `its container was ${said}`
  await keepState(world, { ...run, signal: world.closed }, claim)
  // Another server may have been first, and the claim be active in its next container, whose files nobody has kept.
  const newest = await store.claims.get(claim.id)
  if (newest?.containerId !== claim.containerId) throw conflictWith(newest)
  const losses = isLoss ? [...claim.losses, clock.nowMs()].slice(-rememberedLosses) : claim.losses
  const isOpen = isLoss && isCircuitOpen({ losses }, pool, world.outages.lastAtMs())
  const event = claimEvent(isOpen ? 'claim.circuit_open' : 'claim.recovering', claim, run, { reason, losses: losses.length })
  const options = { event, ...(claim.containerId ? { holding: claim.containerId } : {}) }
  const recovering = settled(await store.claims.transition(claim.id, ['active'], 'recovering', { losses, reason }, options))
  countTransition(metrics, 'recovering')
  return recovering
}

/** `recovering -> active` in another container. Throws `claim.circuit_open`, and what waiting for a container throws. */
export async function recoverClaim(world: ClaimsWorld, run: Run, claim: ClaimRecord): Promise<ClaimRecord> {
  const { store, catalogue } = world
  const pool = await catalogue.pool(claim.poolId)
  if (isCircuitOpen(claim, pool, world.outages.lastAtMs())) throw circuitFault(claim)
  const workload = await catalogue.workload(claim.workloadId)
  if (claim.containerId === undefined) {
    const bond = await rebind(world, run, claim, pool)
    return activateClaim(world, run, { ...bond, workload }, 'healthy')
  }
  const container = await store.containers.get(claim.containerId)
  if (container && !isLost(container) && !isAbandoned(claim))
    return activateClaim(world, run, { claim, container, workload }, 'healthy')
  const reason = `its new container ended before it was delivered: ${container?.reason ?? 'no reason given'}`
  if (!(await abandonClaim(world, run, claim, isAbandoned(claim) ? (claim.reason ?? reason) : reason)))
    throw abandonedFault(claim)
  return (await store.claims.get(claim.id)) ?? claim
}

async function rebind(
  { store, hints, demand, metrics, catalogue }: ClaimsWorld,
  run: Run,
  claim: ClaimRecord,
  pool: PoolRecord,
): Promise<{ readonly claim: ClaimRecord; readonly container: ContainerRecord }> {
  const { spec } = await catalogue.workload(claim.workloadId)
  for (;;) {
    run.signal.throwIfAborted()
    const candidate = (await hints.find(pool.id)) ?? (await run.timings.phase('wait', () => demand.wait(pool.id, run)))
    const event = {
      ...claimEvent('container.claimed', { ...claim, containerId: candidate }, run, {
        source: 'recovery',
        workloadId: claim.workloadId,
        resources: spec.resources,
      }),
      subject: `container/${candidate}`,
    }
    try {
      const bound = await store.claims.rebind(claim.id, candidate, { event })
      if (bound.outcome === 'conflict') throw conflictWith(await store.claims.get(claim.id))
      hints.forget(candidate)
      if (bound.outcome === 'taken') continue
      metrics.count('transitions_total', { kind: 'container', to: 'bound' })
      return bound
    } catch (error) {
      demand.giveBack(pool.id, candidate)
      throw error
    }
  }
}

const conflictWith = (record: ClaimRecord | undefined): Fault =>
  new Fault('claim.conflict', `The claim is ${record?.state ?? 'gone'} meanwhile`, { retryAfterMs: 1000 })
