import { Fault, type PoolId } from '@boilerhouse/base'
import { idOrFromName, invalidRequest, Pool, poolFaults, PoolInput } from '@boilerhouse/resources'

import { presentPool } from '../present-pool.ts'
import { route, withRevision } from '../route.ts'

export const createPool = route(
  {
    operationId: 'createPool',
    method: 'POST',
    path: '/api/v1/pools',
    role: 'admin',
    tag: 'Pools',
    summary: 'Make a pool of a workload',
    body: PoolInput,
    isIdempotent: true,
    responses: { 201: { description: 'Made; it fills in the background.', schema: Pool } },
    faults: ['pool.exists'],
  },
  async ({ body, context }, { store }) => {
    const { id: given, ...spec } = body
    const id = idOrFromName({ id: given, name: spec.name }) as PoolId // the pattern of ids was checked
    const faults = poolFaults(spec)
    if (faults.length > 0) throw invalidRequest(faults)
    const event = {
      type: 'pool.created',
      actor: context.actor,
      subject: `pool/${id}`,
      poolId: id,
      correlationId: context.correlationId,
      data: { workloadId: spec.workloadId, minSize: spec.minSize, maxSize: spec.maxSize },
    } as const
    const created = await store.pools.create({ id, spec }, { event })
    if (created.outcome === 'exists') throw new Fault('pool.exists', `There is a pool ${id} already`)
    if (created.outcome !== 'ok')
      throw invalidRequest([{ pointer: '/workloadId', detail: `names no workload: ${spec.workloadId}` }])
    return withRevision(201, presentPool(created.record), { location: `/api/v1/pools/${id}` })
  },
)
