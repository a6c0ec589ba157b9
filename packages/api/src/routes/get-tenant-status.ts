import type { PoolId, TenantId } from '@boilerhouse/base'
import { TenantStatus } from '@boilerhouse/resources'

import { json, route } from '../route.ts'
import { PoolRef, TenantParam } from '../views.ts'

export const getTenantStatus = route(
  {
    operationId: 'getTenantStatus',
    method: 'GET',
    path: '/api/v1/tenants/:tenantId/status',
    role: 'tenant',
    tag: 'Tenants',
    summary: 'Say whether a tenant holds a container, and until when',
    params: TenantParam,
    query: PoolRef,
    responses: { 200: { description: 'The status.', schema: TenantStatus } },
    faults: ['claim.not_found', 'claim.ambiguous'],
  },
  async ({ params, query }, { claims }) =>
    json(200, await claims.status(params.tenantId as TenantId, query.poolId as PoolId | undefined)),
)
