import type { WorkloadId } from '@boilerhouse/base'
import { invalidRequest, Workload, WorkloadInput } from '@boilerhouse/resources'

import { found } from '../found.ts'
import { revisionMismatch } from '../if-match.ts'
import { presentWorkload } from '../present-workload.ts'
import { route, withRevision } from '../route.ts'
import { IdParam } from '../views.ts'
import { checkWorkload } from '../workload-checks.ts'

export const updateWorkload = route(
  {
    operationId: 'updateWorkload',
    method: 'PUT',
    path: '/api/v1/workloads/:id',
    role: 'admin',
    tag: 'Workloads',
    summary: 'Replace a workload',
    description: 'Its pools roll: warm containers are replaced a few at a time, tenants keep theirs until they are released.',
    params: IdParam,
    body: WorkloadInput,
    hasRevision: true,
    isIdempotent: true,
    responses: { 200: { description: 'Replaced.', schema: Workload } },
    faults: ['workload.not_found', 'workload.context_outside', 'workload.network_not_allowed', 'workload.user_not_preparable', 'workload.feature_unavailable'],
  },
  async ({ params, body, context, ifMatch }, deps) => {
    const { id: given, ...spec } = body
    if (given !== undefined && given !== params.id) throw invalidRequest([{ pointer: '/id', detail: 'must be that of the path' }])
    const id = params.id as WorkloadId
    found('workload', id, await deps.store.workloads.get(id))
    await checkWorkload(spec, deps)
    const event = { type: 'workload.updated', actor: context.actor, subject: `workload/${id}`, correlationId: context.correlationId } as const
    const updated = await deps.store.workloads.update(id, spec, { event, ...(ifMatch !== undefined && { expectedRevision: ifMatch }) })
    if (updated.outcome === 'conflict') throw revisionMismatch('Workload', id, updated.record.revision)
    return withRevision(200, presentWorkload(found('workload', id, updated.outcome === 'ok' ? updated.record : undefined)))
  },
)
