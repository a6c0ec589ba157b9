import { Pool } from '@boilerhouse/resources'

import { readPool, showPool } from '../read-pool.ts'
import { route, withRevision } from '../route.ts'
import { IdParam } from '../views.ts'

export const getPool = route(
  {
    operationId: 'getPool',
    method: 'GET',
    path: '/api/v1/pools/:id',
    role: 'viewer',
    tag: 'Pools',
    summary: 'Show a pool',
    params: IdParam,
    responses: { 200: { description: 'The pool.', schema: Pool } },
    faults: ['pool.not_found'],
  },
  async ({ params }, deps) => withRevision(200, await showPool(await readPool(params.id, deps), deps)),
)
