import { Fault, type WorkloadId } from '@boilerhouse/base'
import { idOrFromName, Workload, WorkloadInput } from '@boilerhouse/resources'

import { presentWorkload } from '../present-workload.ts'
import { route, withRevision } from '../route.ts'
import { checkWorkload } from '../workload-checks.ts'

export const createWorkload = route(
  {
    operationId: 'createWorkload',
    method: 'POST',
    path: '/api/v1/workloads',
    role: 'admin',
    tag: 'Workloads',
    summary: 'Register a workload',
    description: 'Its image is checked, or built, in the background: `status.state` goes from `creating` to `ready` or `error`.',
    body: WorkloadInput,
    isIdempotent: true,
    responses: { 201: { description: 'Registered.', schema: Workload } },
    faults: [
      'workload.exists',
      'workload.context_outside',
      'workload.network_not_allowed',
      'workload.user_not_preparable',
      'workload.feature_unavailable',
    ],
  },
  async ({ body, context }, deps) => {
    const { id: given, ...spec } = body
    const id = idOrFromName({ id: given, name: spec.name }) as WorkloadId // the pattern of ids was checked
    await checkWorkload(spec, deps)
    const event = {
      type: 'workload.created',
      actor: context.actor,
      subject: `workload/${id}`,
      correlationId: context.correlationId,
      data: { name: spec.name },
    } as const
    const created = await deps.store.workloads.create({ id, spec }, { event })
    if (created.outcome === 'exists') throw new Fault('workload.exists', `There is a workload ${id} already`)
    return withRevision(201, presentWorkload(created.record), { location: `/api/v1/workloads/${id}` })
  },
)
