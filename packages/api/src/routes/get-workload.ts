import type { WorkloadId } from '@boilerhouse/base'
import { Workload } from '@boilerhouse/resources'

import { presentWorkload } from '../present-workload.ts'
import { found } from '../found.ts'
import { route, withRevision } from '../route.ts'
import { IdParam } from '../views.ts'

export const getWorkload = route(
  {
    operationId: 'getWorkload',
    method: 'GET',
    path: '/api/v1/workloads/:id',
    role: 'viewer',
    tag: 'Workloads',
    summary: 'Show a workload',
    params: IdParam,
    responses: { 200: { description: 'The workload.', schema: Workload } },
    faults: ['workload.not_found'],
  },
  async ({ params }, { store }) =>
    withRevision(200, presentWorkload(found('workload', params.id, await store.workloads.get(params.id as WorkloadId)))),
)
