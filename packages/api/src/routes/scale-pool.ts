import { isFault } from '@boilerhouse/base'
import { invalidRequest, Pool, scaleFaults, type PoolRecord } from '@boilerhouse/resources'
import { Type } from '@sinclair/typebox'

import { changePool } from '../change-pool.ts'
import { readPool, showPool } from '../read-pool.ts'
import { route, withRevision } from '../route.ts'
import { IdParam } from '../views.ts'

export const ScaleRequest = Type.Object(
  { size: Type.Integer({ minimum: 0, maximum: 1000, description: 'The new `minSize`.' }) },
  { additionalProperties: false },
)

export const scalePool = route(
  {
    operationId: 'scalePool',
    method: 'POST',
    path: '/api/v1/pools/:id/scale',
    role: 'admin',
    tag: 'Pools',
    summary: 'Set how many warm containers a pool keeps',
    params: IdParam,
    body: ScaleRequest,
    hasRevision: true,
    isIdempotent: true,
    responses: { 200: { description: 'Scaled; it fills or shrinks in the background.', schema: Pool } },
    faults: ['pool.not_found', 'pool.draining'],
  },
  async ({ params, body: { size }, context, ifMatch }, deps) => {
    const scale = async (record: PoolRecord): Promise<PoolRecord> => {
      const { id, spec, revision } = record
      const faults = scaleFaults(size, spec.maxSize)
      if (faults.length > 0) throw invalidRequest(faults)
      const event = {
        type: 'pool.scaled',
        actor: context.actor,
        subject: `pool/${id}`,
        poolId: id,
        correlationId: context.correlationId,
        data: { from: spec.minSize, to: size },
      } as const
      return changePool(record, { ...spec, minSize: size }, event, ifMatch ?? revision, deps)
    }
    // Only minSize is the caller's: whoever changed the rest meanwhile keeps that change.
    for (let attempt = 1; ; attempt++) {
      try {
        return withRevision(200, await showPool(await scale(await readPool(params.id, deps)), deps))
      } catch (error) {
        if (ifMatch !== undefined || attempt >= 10 || !isFault(error, 'request.revision_mismatch')) throw error
      }
    }
  },
)
