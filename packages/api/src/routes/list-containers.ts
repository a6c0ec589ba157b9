import type { PoolId, TenantId } from '@boilerhouse/base'
import { containerStates, dnsLabel, stringEnum, tenantIdSchema } from '@boilerhouse/resources'
import { Type } from '@sinclair/typebox'

import { json, route } from '../route.ts'
import { showContainers } from '../show-containers.ts'
import { ContainerPage, PageParams } from '../views.ts'

export const listContainers = route(
  {
    operationId: 'listContainers',
    method: 'GET',
    path: '/api/v1/containers',
    role: 'any',
    tag: 'Containers',
    summary: 'List containers',
    description: "A tenant's key sees its own.",
    query: Type.Object(
      {
        ...PageParams,
        pool: Type.Optional(dnsLabel()),
        tenant: Type.Optional(tenantIdSchema()),
        state: Type.Optional(Type.Array(stringEnum(containerStates), { description: 'All but `gone` where not given.' })),
      },
      { additionalProperties: false },
    ),
    responses: { 200: { description: 'A page of containers.', schema: ContainerPage } },
  },
  async ({ query: { pool, tenant, state, ...page }, principal }, { store }) => {
    const isTenant = principal.role === 'tenant'
    if (isTenant && (tenant ?? principal.tenantId) !== principal.tenantId) return json(200, { items: [] })
    const tenantId = isTenant ? principal.tenantId : tenant
    const query = {
      ...page,
      ...(pool !== undefined && { poolId: pool as PoolId }),
      ...(tenantId !== undefined && { tenantId: tenantId as TenantId }),
      ...(state && { states: state }),
    }
    return json(200, await showContainers(await store.containers.list(query), store))
  },
)
