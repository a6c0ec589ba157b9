import type { TenantId } from '@boilerhouse/base'
import { ReleaseAnswer, ReleaseRequest } from '@boilerhouse/resources'

import { route } from '../route.ts'
import { TenantParam } from '../views.ts'

export const releaseTenant = route(
  {
    operationId: 'releaseTenant',
    method: 'POST',
    path: '/api/v1/tenants/:tenantId/release',
    role: 'tenant',
    tag: 'Tenants',
    summary: "Release a tenant's container",
    description: 'Hook, stop, keep the state, and only then remove. Answers when the claim is released.',
    params: TenantParam,
    body: ReleaseRequest,
    isBodyOptional: true,
    isIdempotent: true,
    isLong: true,
    responses: { 200: { description: 'Released; the state is kept.', schema: ReleaseAnswer } },
    faults: ['claim.not_found', 'claim.ambiguous', 'claim.conflict', 'claim.release_failed', 'claim.hook_failed'],
  },
  ({ params, body, context }, { claims }) =>
    claims
      .release(params.tenantId as TenantId, body, context)
      .then((answer) => ({ status: 200, body: answer, timings: answer.timings })),
)
