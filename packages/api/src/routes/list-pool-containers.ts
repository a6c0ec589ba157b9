import { containerStates, stringEnum } from '@boilerhouse/resources'
import { Type } from '@sinclair/typebox'

import { readPool } from '../read-pool.ts'
import { json, route } from '../route.ts'
import { showContainers } from '../show-containers.ts'
import { ContainerPage, IdParam, PageParams } from '../views.ts'

export const listPoolContainers = route(
  {
    operationId: 'listPoolContainers',
    method: 'GET',
    path: '/api/v1/pools/:id/containers',
    role: 'viewer',
    tag: 'Pools',
    summary: 'List the containers of a pool',
    params: IdParam,
    query: Type.Object(
      {
        ...PageParams,
        state: Type.Optional(Type.Array(stringEnum(containerStates), { description: 'All but `gone` where not given.' })),
      },
      { additionalProperties: false },
    ),
    responses: { 200: { description: 'A page of containers.', schema: ContainerPage } },
    faults: ['pool.not_found'],
  },
  async ({ params, query: { state, ...page } }, deps) => {
    const { id: poolId } = await readPool(params.id, deps)
    const query = { ...page, poolId, ...(state && { states: state }) }
    return json(200, await showContainers(await deps.store.containers.list(query), deps.store))
  },
)
