import { Pool } from '@boilerhouse/resources'

import { found } from '../found.ts'
import { requireRevision } from '../if-match.ts'
import { readPool, showPool } from '../read-pool.ts'
import { route, withRevision } from '../route.ts'
import { IdParam } from '../views.ts'

export const deletePool = route(
  {
    operationId: 'deletePool',
    method: 'DELETE',
    path: '/api/v1/pools/:id',
    role: 'admin',
    tag: 'Pools',
    summary: 'Drain and delete a pool',
    description: 'Warm containers go; bound ones are released properly first. It is gone when GET answers 404.',
    params: IdParam,
    hasRevision: true,
    responses: { 202: { description: 'It drains.', schema: Pool } },
    faults: ['pool.not_found'],
  },
  async ({ params, context, ifMatch }, deps) => {
    const record = await readPool(params.id, deps)
    requireRevision('Pool', record, ifMatch)
    if (record.status.phase === 'draining') return withRevision(202, await showPool(record, deps))
    const event = {
      type: 'pool.draining',
      actor: context.actor,
      subject: `pool/${record.id}`,
      poolId: record.id,
      correlationId: context.correlationId,
    } as const
    const status = { phase: 'draining', conditions: record.status.conditions } as const
    const updated = await deps.store.pools.setStatus(record.id, status, { event })
    const drained = found('pool', record.id, updated.outcome === 'missing' ? undefined : updated.record)
    return withRevision(202, await showPool(drained, deps))
  },
)
