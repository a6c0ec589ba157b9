import type { PoolId } from '@boilerhouse/base'
import { dnsLabel } from '@boilerhouse/resources'
import { Type } from '@sinclair/typebox'

import { json, route } from '../route.ts'
import { PageParams, TenantPage } from '../views.ts'

export const listTenants = route(
  {
    operationId: 'listTenants',
    method: 'GET',
    path: '/api/v1/tenants',
    role: 'viewer',
    tag: 'Tenants',
    summary: 'List tenants and their claims',
    query: Type.Object({ ...PageParams, pool: Type.Optional(dnsLabel()) }, { additionalProperties: false }),
    responses: { 200: { description: 'A page of tenants, by id.', schema: TenantPage } },
  },
  async ({ query: { pool, ...page } }, { claims }) =>
    json(200, await claims.tenants({ ...page, ...(pool !== undefined && { poolId: pool as PoolId }) })),
)
