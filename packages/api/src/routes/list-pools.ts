import type { WorkloadId } from '@boilerhouse/base'
import { dnsLabel } from '@boilerhouse/resources'
import { Type } from '@sinclair/typebox'

import { presentPool } from '../present-pool.ts'
import { json, route } from '../route.ts'
import { PageParams, PoolPage } from '../views.ts'

export const listPools = route(
  {
    operationId: 'listPools',
    method: 'GET',
    path: '/api/v1/pools',
    role: 'viewer',
    tag: 'Pools',
    summary: 'List pools',
    query: Type.Object({ ...PageParams, workload: Type.Optional(dnsLabel()) }, { additionalProperties: false }),
    responses: { 200: { description: 'A page of pools, by id.', schema: PoolPage } },
  },
  async ({ query: { workload, ...query } }, { store, hitRates }) => {
    const filter = workload === undefined ? {} : { workloadId: workload as WorkloadId }
    const [page, counts] = await Promise.all([store.pools.list({ ...query, ...filter }), store.containers.counts()])
    return json(200, { ...page, items: page.items.map((pool) => presentPool(pool, counts.get(pool.id), hitRates.of(pool.id))) })
  },
)
