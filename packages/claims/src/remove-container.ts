import { Fault, type ContainerId } from '@boilerhouse/base'
import { isLiveClaim, liveContainerStates, removedBy, type ClaimRecord, type ContainerRecord } from '@boilerhouse/resources'

import type { ClaimsWorld } from './claims-deps.ts'
import { claimKey } from './in-flight.ts'
import { dropQuarantined, holdsUnkeptFiles, keepQuarantined } from './quarantine.ts'
import { loseContainer, recoverClaim } from './recover.ts'
import { releaseClaim } from './release.ts'
import { claimEvent, outcomeOf, type Run } from './run.ts'

/**
 * DELETE of one container. A bound one: its files are kept and its claim goes on in another container; with `force` the claim ends
 * and the files go too. A quarantined one: its files are kept first, or go with `force`. Throws `container.not_found`, `container.conflict`.
 */
export async function removeContainer(
  world: ClaimsWorld,
  containerId: ContainerId,
  { force }: { readonly force: boolean },
  begin: (interrupted: AbortSignal) => Run,
): Promise<void> {
  const { store, inFlight } = world
  const container = await store.containers.get(containerId)
  if (!container || container.state === 'gone') throw new Fault('container.not_found', `There is no container ${containerId}`)
  const claim = container.claimId ? await store.claims.get(container.claimId) : undefined
  const isHeld = claim !== undefined && isLiveClaim(claim.state) && claim.containerId === containerId
  if (!isHeld) return removeUnheld(world, begin(world.closed), container, force)
  const key = claimKey(claim.tenantId, claim.poolId)
  if (force) inFlight.interrupt(key, new Fault('claim.conflict', 'Its container is being removed'))
  await inFlight.run(key, async (interrupted) => {
    const run = begin(interrupted)
    const newest = await store.claims.get(claim.id)
    if (!newest || !isLiveClaim(newest.state) || newest.containerId !== containerId) return drain(world, run, container, force)
    if (force) {
      await takeFromTenant(world, run, newest, { id: containerId, isForced: true })
      return void (await releaseClaim(world, run, newest, { discard: true, force: true }, { cause: 'container removed' }))
    }
    return moveAway(world, run, newest, container)
  })
}

async function removeUnheld(world: ClaimsWorld, run: Run, container: ContainerRecord, isForced: boolean): Promise<void> {
  if (holdsUnkeptFiles(container)) await (isForced ? dropQuarantined : keepQuarantined)(world, run, container)
  await drain(world, run, container, isForced)
}

async function moveAway(world: ClaimsWorld, run: Run, claim: ClaimRecord, { id }: ContainerRecord): Promise<void> {
  if (claim.state !== 'active') {
    throw new Fault('container.conflict', `Container ${id} is held by a claim that is ${claim.state}`)
  }
  const taken = await takeFromTenant(world, run, claim, { id, isForced: false })
  try {
    await recoverClaim(world, run, await loseContainer(world, run, claim, taken))
  } catch (error) {
    const newest = await world.store.claims.get(claim.id)
    if (newest?.containerId === id) throw error
    // The container is removed and its files are kept: that was asked for. The claims controller goes on with the claim.
    world.log.warn('a claim waits for a container after its own was removed', { claimId: claim.id, code: outcomeOf(error) })
  }
}

/**
 * `bound -> lost` before its process is ended: the row says from then on who removed it, and whoever goes on after a crash knows. Resolves
 * to the row as it is then.
 */
async function takeFromTenant(
  { store, metrics, catalogue }: ClaimsWorld,
  run: Run,
  claim: ClaimRecord,
  { id, isForced }: { readonly id: ContainerId; readonly isForced: boolean },
): Promise<ContainerRecord | undefined> {
  const reason = removedBy(run.actor, isForced)
  const { spec } = await catalogue.workload(claim.workloadId)
  const event = {
    ...claimEvent('container.released', claim, run, { reason, from: 'bound', resources: spec.resources }),
    subject: `container/${id}`,
  }
  const updated = await store.containers.transition(id, ['bound'], 'lost', { reason }, { event })
  if (updated.outcome === 'ok') metrics.count('transitions_total', { kind: 'container', to: 'lost' })
  return updated.outcome === 'missing' ? undefined : updated.record
}

async function drain(
  { store, metrics, hints }: ClaimsWorld,
  run: Run,
  { id, poolId }: ContainerRecord,
  isForced: boolean,
): Promise<void> {
  const current = await store.containers.get(id)
  if (!current || current.state === 'draining' || current.state === 'gone') return
  hints.forget(id)
  // Never from under a claim that was bound meanwhile: the state it was read in is compared.
  const from = liveContainerStates.filter((state) => state === current.state)
  const reason = removedBy(run.actor, isForced)
  const updated = await store.containers.transition(
    id,
    from,
    'draining',
    { reason },
    {
      event: {
        type: current.state === 'bound' ? 'container.released' : 'container.draining',
        actor: run.actor,
        correlationId: run.correlationId,
        subject: `container/${id}`,
        poolId,
        containerId: id,
        ...(current.tenantId ? { tenantId: current.tenantId } : {}),
        data: { reason, from: current.state },
      },
    },
  )
  if (updated.outcome === 'conflict')
    throw new Fault('container.conflict', `Container ${id} is ${updated.record.state} meanwhile`)
  if (updated.outcome === 'ok') metrics.count('transitions_total', { kind: 'container', to: 'draining' })
}
