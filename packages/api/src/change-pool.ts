import { Fault } from '@boilerhouse/base'
import { invalidRequest, type EventInput, type PoolRecord, type PoolSpec } from '@boilerhouse/resources'

import type { RouteDeps } from './deps.ts'
import { found } from './found.ts'
import { atRevision, revisionMismatch } from './if-match.ts'

/** Writes a new spec over `record`. Throws `request.revision_mismatch`, `pool.draining`, `request.invalid` for another workload. */
export async function changePool(
  record: PoolRecord,
  spec: PoolSpec,
  event: EventInput,
  ifMatch: number | undefined,
  { store }: RouteDeps,
): Promise<PoolRecord> {
  const { id } = record
  if (spec.workloadId !== record.workloadId) {
    throw invalidRequest([{ pointer: '/workloadId', detail: `cannot change from ${record.workloadId}: make another pool` }])
  }
  const updated = await store.pools.update(id, spec, { event, ...atRevision(ifMatch) })
  if (updated.outcome === 'ok') return updated.record
  const current = found('pool', id, updated.outcome === 'conflict' ? updated.record : undefined)
  if (current.status.phase === 'draining') throw new Fault('pool.draining', `Pool ${id} is being deleted`)
  throw revisionMismatch('Pool', current)
}
