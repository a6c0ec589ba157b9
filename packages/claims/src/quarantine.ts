import { Fault } from '@boilerhouse/base'
import type { ClaimRecord, ContainerRecord } from '@boilerhouse/resources'

import type { ClaimsWorld } from './claims-deps.ts'
import { reasonOf, type Run } from './run.ts'

const notKept = "its tenant's files could not be kept"

/** Whether a quarantined container holds files that exist nowhere else: nobody removes it without trying to keep them. */
export const holdsUnkeptFiles = ({ state, reason }: Pick<ContainerRecord, 'state' | 'reason'>): boolean =>
  state === 'quarantined' && (reason?.startsWith(notKept) ?? false)

/**
 * A forced release whose files could not be kept: the container is set aside with its volume, before its claim ends, so that nobody
 * removes it but an operator.
 */
export async function quarantineContainer(
  { store, metrics }: ClaimsWorld,
  run: Run,
  claim: ClaimRecord,
  why: string,
): Promise<void> {
  if (!claim.containerId) return
  const reason = `${notKept}: ${why}`
  const updated = await store.containers.transition(
    claim.containerId,
    ['bound', 'lost'],
    'quarantined',
    { reason },
    {
      event: {
        type: 'container.quarantined',
        actor: run.actor,
        correlationId: run.correlationId,
        subject: `container/${claim.containerId}`,
        tenantId: claim.tenantId,
        poolId: claim.poolId,
        containerId: claim.containerId,
        claimId: claim.id,
        data: { reason, notKept: true },
      },
    },
  )
  if (updated.outcome === 'ok') metrics.count('transitions_total', { kind: 'container', to: 'quarantined' })
}

/**
 * Keeps the files of a container that was set aside, so that it may go. Throws `container.conflict` where that cannot be done, or
 * would put older files over those of a later claim.
 */
export async function keepQuarantined(world: ClaimsWorld, run: Run, container: ContainerRecord): Promise<void> {
  const { store, runtime, catalogue, inFlight } = world
  const { id, tenantId, workloadId, boundAt = 0 } = container
  if (!tenantId) return
  const refused = (why: string, cause?: unknown) =>
    new Fault('container.conflict', `Container ${id} holds files of ${tenantId} that cannot be kept: ${why}`, { cause })
  const { items } = await store.claims.list({ tenantId, limit: 1000 })
  if (items.some((claim) => claim.workloadId === workloadId && claim.claimedAt > boundAt))
    throw refused('a later claim has files of its own')
  try {
    const { spec } = await catalogue.workload(workloadId)
    await runtime.stop(id, spec.stopTimeoutMs, run.signal)
    await inFlight.moveState({ tenantId, workloadId }, () => runtime.volumes(id).keep({ tenantId, workloadId }, run.signal))
  } catch (error) {
    run.signal.throwIfAborted()
    throw refused(reasonOf(error), error)
  }
}

/**
 * Gives up the files of a container that was set aside: what of them had been kept already goes with the rest, and nobody ends that keep
 * later, over the files of a later claim. Where it fails the container goes all the same, and its volume stays on disk.
 */
export async function dropQuarantined(world: ClaimsWorld, run: Run, container: ContainerRecord): Promise<void> {
  const { runtime, inFlight, log } = world
  const { id, tenantId, workloadId } = container
  if (!tenantId) return
  const key = { tenantId, workloadId }
  try {
    await runtime.stop(id, 0, run.signal)
    await inFlight.moveState(key, () => runtime.volumes(id).discard(key, run.signal))
  } catch (error) {
    run.signal.throwIfAborted()
    log.warn('a container is removed, but what was kept of its files stays', { containerId: id, error })
  }
}
