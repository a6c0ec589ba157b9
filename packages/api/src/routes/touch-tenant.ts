import type { PoolId, TenantId } from '@boilerhouse/base'
import { TenantStatus } from '@boilerhouse/resources'

import { json, route } from '../route.ts'
import { PoolRef, TenantParam } from '../views.ts'

export const touchTenant = route(
  {
    operationId: 'touchTenant',
    method: 'POST',
    path: '/api/v1/tenants/:tenantId/touch',
    role: 'tenant',
    tag: 'Tenants',
    summary: 'Say that a tenant is active',
    params: TenantParam,
    body: PoolRef,
    isBodyOptional: true,
    responses: { 200: { description: 'Its idle time counts from now.', schema: TenantStatus } },
    faults: ['claim.not_found', 'claim.ambiguous'],
  },
  async ({ params, body, context }, { claims }) =>
    json(200, await claims.touch(params.tenantId as TenantId, body.poolId as PoolId | undefined, context)),
)
