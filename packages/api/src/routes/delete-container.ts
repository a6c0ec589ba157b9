import { Container } from '@boilerhouse/resources'
import { Type } from '@sinclair/typebox'

import { ownedContainer } from '../auth/owned-container.ts'
import { presentContainer } from '../present-container.ts'
import { json, route } from '../route.ts'
import { IdParam } from '../views.ts'

export const deleteContainer = route(
  {
    operationId: 'deleteContainer',
    method: 'DELETE',
    path: '/api/v1/containers/:id',
    role: 'admin',
    tag: 'Containers',
    summary: 'Remove a container',
    description: "A bound one's state is kept first and its claim recovers in another; `force` drops both.",
    params: IdParam,
    query: Type.Object({ force: Type.Boolean({ default: false }) }, { additionalProperties: false }),
    isLong: true,
    responses: { 202: { description: 'It goes.', schema: Container } },
    faults: ['container.not_found', 'container.conflict', 'claim.conflict'],
  },
  async ({ params, query, principal, context }, { store, claims }) => {
    const before = await ownedContainer(store, principal, params.id)
    await claims.removeContainer(before.id, query, context)
    const [workload, after] = await Promise.all([store.workloads.get(before.workloadId), store.containers.get(before.id)])
    return json(202, presentContainer(after ?? before, workload?.spec))
  },
)
