import { ContainerDetail } from '@boilerhouse/resources'

import { ownedContainer } from '../auth/owned-container.ts'
import { presentContainer } from '../present-container.ts'
import { route, withRevision } from '../route.ts'
import { IdParam } from '../views.ts'

export const getContainer = route(
  {
    operationId: 'getContainer',
    method: 'GET',
    path: '/api/v1/containers/:id',
    role: 'tenant',
    tag: 'Containers',
    summary: 'Show a container with its live usage and health',
    params: IdParam,
    responses: { 200: { description: 'The container.', schema: ContainerDetail } },
    faults: ['container.not_found'],
  },
  async ({ params, principal, context }, { store, usages }) => {
    const record = await ownedContainer(store, principal, params.id)
    const [workload, usage] = await Promise.all([store.workloads.get(record.workloadId), usages.of(record, context.signal)])
    return withRevision(200, { ...presentContainer(record, workload?.spec), ...(usage && { usage }) })
  },
)
