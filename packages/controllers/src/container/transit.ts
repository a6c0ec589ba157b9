import type { ContainerRecord, ContainerState, EventType, WorkloadRecord } from '@boilerhouse/resources'
import type { ContainerPatch, Updated } from '@boilerhouse/store'

import { actorOf, type Term } from '../controller-deps.ts'

/** The event that goes with entering each state; the store writes both in one commit. */
const eventOf: Partial<Record<ContainerState, EventType>> = {
  warm: 'container.warm',
  unhealthy: 'container.unhealthy',
  lost: 'container.lost',
  failed: 'container.failed',
  resetting: 'container.resetting',
  quarantined: 'container.quarantined',
  draining: 'container.draining',
  gone: 'container.destroyed',
}

/** Moves a container by one fenced compare-and-set from the state it was read in. */
export async function transit(
  term: Term,
  row: ContainerRecord,
  to: ContainerState,
  patch: ContainerPatch = {},
  data: Readonly<Record<string, unknown>> = {},
): Promise<Updated<ContainerRecord>> {
  const isRelease = row.state === 'bound' && (to === 'draining' || to === 'resetting')
  const type = isRelease && to === 'draining' ? 'container.released' : (eventOf[to] ?? 'container.draining')
  const updated = await term.store.containers.transition(row.id, [row.state], to, patch, {
    fence: term.leadership.fence,
    event: {
      type,
      ...subjectOf(row),
      data: { ...ages(row, term.clock.nowMs()), ...(patch.reason ? { reason: patch.reason } : {}), ...data },
    },
  })
  if (updated.outcome === 'ok') term.metrics.count('transitions_total', { kind: 'container', to })
  return updated
}

/** How old it was and how long it had been warm: the pool's circuit tells a young death by it. */
const ages = (row: ContainerRecord, now: number) => ({
  from: row.state,
  ageMs: now - row.createdAt,
  ...(row.warmAt === undefined ? {} : { warmForMs: now - row.warmAt }),
})

export const subjectOf = (row: ContainerRecord) => ({
  actor: actorOf('container'),
  subject: `container/${row.id}`,
  poolId: row.poolId,
  containerId: row.id,
  ...(row.tenantId ? { tenantId: row.tenantId } : {}),
  ...(row.claimId ? { claimId: row.claimId } : {}),
})

/** What claimed and released carry, so that whoever bills needs no second look. */
export const releasedData = (workload: WorkloadRecord | undefined) => ({
  claim: 'released',
  ...(workload ? { resources: workload.spec.resources } : {}),
})
