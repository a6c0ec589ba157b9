import type { WorkloadId } from '@boilerhouse/base'
import { Type } from '@sinclair/typebox'

import { followBuildLog } from '../follow-build-log.ts'
import { found } from '../found.ts'
import { toByteStream } from '../line-stream.ts'
import { route } from '../route.ts'
import { IdParam } from '../views.ts'

export const getBuildLog = route(
  {
    operationId: 'getBuildLog',
    method: 'GET',
    path: '/api/v1/workloads/:id/build-log',
    role: 'viewer',
    tag: 'Workloads',
    summary: "Read the workload's last build log",
    params: IdParam,
    query: Type.Object(
      { follow: Type.Boolean({ default: false, description: 'Stream it until the build has ended.' }) },
      { additionalProperties: false },
    ),
    isLong: true,
    responses: { 200: { description: 'The log.', contentType: 'text/plain; charset=utf-8' } },
    faults: ['workload.not_found'],
  },
  async ({ params, query, context }, { store, clock }) => {
    const id = params.id as WorkloadId
    found('workload', id, await store.workloads.get(id))
    const headers = {
      'content-type': 'text/plain; charset=utf-8',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
    }
    if (!query.follow) return new Response(await store.workloads.buildLog(id), { headers })
    const ended = new AbortController()
    const signal = AbortSignal.any([context.signal, ended.signal])
    return new Response(
      toByteStream(followBuildLog(store.workloads, id, clock, signal), () => ended.abort()),
      { headers },
    )
  },
)
