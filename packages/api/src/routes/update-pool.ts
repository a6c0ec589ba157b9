import { invalidRequest, Pool, poolFaults, PoolInput } from '@boilerhouse/resources'

import { changePool } from '../change-pool.ts'
import { requireRevision } from '../if-match.ts'
import { readPool, showPool } from '../read-pool.ts'
import { route, withRevision } from '../route.ts'
import { specOfBody } from '../spec-of-body.ts'
import { IdParam } from '../views.ts'

export const updatePool = route(
  {
    operationId: 'updatePool',
    method: 'PUT',
    path: '/api/v1/pools/:id',
    role: 'admin',
    tag: 'Pools',
    summary: 'Replace the settings of a pool',
    description: 'Its workload cannot change.',
    params: IdParam,
    body: PoolInput,
    hasRevision: true,
    isIdempotent: true,
    responses: { 200: { description: 'Replaced.', schema: Pool } },
    faults: ['pool.not_found', 'pool.draining'],
  },
  async ({ params, body, context, ifMatch }, deps) => {
    const spec = specOfBody(body, params.id)
    const record = await readPool(params.id, deps)
    const faults = poolFaults(spec)
    if (faults.length > 0) throw invalidRequest(faults)
    requireRevision('Pool', record, ifMatch)
    if (Bun.deepEquals(record.spec, spec) && record.status.phase !== 'draining')
      return withRevision(200, await showPool(record, deps))
    const event = {
      type: 'pool.updated',
      actor: context.actor,
      subject: `pool/${record.id}`,
      poolId: record.id,
      correlationId: context.correlationId,
      data: { minSize: spec.minSize, maxSize: spec.maxSize },
    } as const
    return withRevision(200, await showPool(await changePool(record, spec, event, ifMatch, deps), deps))
  },
)
