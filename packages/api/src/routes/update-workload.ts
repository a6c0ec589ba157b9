import type { WorkloadId } from '@boilerhouse/base'
import { Workload, WorkloadInput } from '@boilerhouse/resources'
import { Type } from '@sinclair/typebox'

import { found } from '../found.ts'
import { atRevision, requireRevision, revisionMismatch } from '../if-match.ts'
import { presentWorkload } from '../present-workload.ts'
import { route, withRevision } from '../route.ts'
import { specOfBody } from '../spec-of-body.ts'
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
    description:
      'Its pools roll: warm containers are replaced a few at a time, tenants keep theirs until they are released. The same again changes nothing, unless the workload is in error or `rebuild` is set.',
    params: IdParam,
    query: Type.Object(
      { rebuild: Type.Boolean({ default: false, description: 'Check or build the image anew although nothing changed.' }) },
      { additionalProperties: false },
    ),
    body: WorkloadInput,
    hasRevision: true,
    isIdempotent: true,
    responses: { 200: { description: 'Replaced.', schema: Workload } },
    faults: [
      'workload.not_found',
      'workload.context_outside',
      'workload.network_not_allowed',
      'workload.user_not_preparable',
      'workload.feature_unavailable',
    ],
  },
  async ({ params, query, body, context, ifMatch }, deps) => {
    const spec = specOfBody(body, params.id)
    const id = params.id as WorkloadId
    const current = found('workload', id, await deps.store.workloads.get(id))
    await checkWorkload(spec, deps)
    requireRevision('Workload', current, ifMatch)
    // A file that is applied again at every start must not roll every pool.
    const isSame = Bun.deepEquals(current.spec, spec) && current.status.state !== 'error'
    if (isSame && !query.rebuild) return withRevision(200, presentWorkload(current))
    const event = {
      type: 'workload.updated',
      actor: context.actor,
      subject: `workload/${id}`,
      correlationId: context.correlationId,
    } as const
    const updated = await deps.store.workloads.update(id, spec, { event, ...atRevision(ifMatch) })
    if (updated.outcome === 'conflict') throw revisionMismatch('Workload', updated.record)
    return withRevision(200, presentWorkload(found('workload', id, updated.outcome === 'ok' ? updated.record : undefined)))
  },
)
