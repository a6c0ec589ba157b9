import { Fault, type TenantId } from '@boilerhouse/base'
import { ClaimAnswer, ClaimRequest } from '@boilerhouse/resources'

import { mayClaimFrom } from '../auth/may-claim-from.ts'
import { route } from '../route.ts'
import { TenantParam } from '../views.ts'

export const claimTenant = route(
  {
    operationId: 'claimTenant',
    method: 'POST',
    path: '/api/v1/tenants/:tenantId/claim',
    role: 'tenant',
    tag: 'Tenants',
    summary: 'Claim a container for a tenant',
    description: 'Answers once the container holds what was delivered and is ready. `Server-Timing` tells each phase.',
    params: TenantParam,
    body: ClaimRequest,
    isIdempotent: true,
    isLong: true,
    isHot: true,
    responses: {
      201: { description: 'A container was bound.', schema: ClaimAnswer },
      200: { description: 'The tenant held one already (`source: existing`).', schema: ClaimAnswer },
    },
    faults: [
      'pool.not_found',
      'pool.exhausted',
      'pool.degraded',
      'pool.draining',
      'claim.conflict',
      'claim.config_invalid',
      'claim.env_fixed',
      'container.disk_exceeded',
      'claim.env_unsupported',
      'claim.quota',
      'state.in_use',
      'claim.timeout',
      'claim.not_healthy',
      'claim.hook_failed',
      'claim.circuit_open',
      'state.restore_failed',
      'host.disk_full',
      'host.container_limit',
    ],
  },
  ({ params, body, principal, context }, { claims }) => {
    if (!mayClaimFrom(principal, body.poolId)) throw new Fault('pool.not_found', `There is no pool ${body.poolId}`)
    return claims
      .claim(params.tenantId as TenantId, body, context)
      .then(({ answer, isNew }) => ({ status: isNew ? 201 : 200, body: answer, timings: answer.timings }))
  },
)
