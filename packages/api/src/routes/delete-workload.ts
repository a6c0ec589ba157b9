import { Fault, type WorkloadId } from '@boilerhouse/base'

import { found } from '../found.ts'
import { atRevision, revisionMismatch } from '../if-match.ts'
import { noContent, route } from '../route.ts'
import { IdParam } from '../views.ts'

export const deleteWorkload = route(
  {
    operationId: 'deleteWorkload',
    method: 'DELETE',
    path: '/api/v1/workloads/:id',
    role: 'admin',
    tag: 'Workloads',
    summary: 'Delete a workload that no pool uses',
    params: IdParam,
    hasRevision: true,
    responses: { 204: { description: 'Deleted.' } },
    faults: ['workload.not_found', 'workload.in_use'],
  },
  async ({ params, context, ifMatch }, { store }) => {
    const id = params.id as WorkloadId
    const event = {
      type: 'workload.deleted',
      actor: context.actor,
      subject: `workload/${id}`,
      correlationId: context.correlationId,
    } as const
    const { outcome } = await store.workloads.delete(id, { event, ...atRevision(ifMatch) })
    if (outcome === 'in_use') throw new Fault('workload.in_use', `Pools of workload ${id} exist`)
    if (outcome === 'conflict') throw revisionMismatch('Workload', found('workload', id, await store.workloads.get(id)))
    if (outcome === 'missing') found('workload', id, undefined)
    return noContent
  },
)
