import type { TenantId } from '@boilerhouse/base'
import { Tenant } from '@boilerhouse/resources'

import { json, route } from '../route.ts'
import { TenantParam } from '../views.ts'

export const getTenant = route(
  {
    operationId: 'getTenant',
    method: 'GET',
    path: '/api/v1/tenants/:tenantId',
    role: 'tenant',
    tag: 'Tenants',
    summary: 'Show what a tenant holds',
    params: TenantParam,
    responses: { 200: { description: 'Its claims, with their config.', schema: Tenant } },
    faults: ['claim.not_found'],
  },
  async ({ params }, { claims }) => json(200, await claims.tenant(params.tenantId as TenantId)),
)
