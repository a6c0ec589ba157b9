import type { LogLine } from '@boilerhouse/runtime'
import { Type } from '@sinclair/typebox'

import { runningContainer } from '../auth/owned-container.ts'
import { toByteStream } from '../line-stream.ts'
import { route } from '../route.ts'
import { IdParam, LogLineView } from '../views.ts'

export const getContainerLogs = route(
  {
    operationId: 'getContainerLogs',
    method: 'GET',
    path: '/api/v1/containers/:id/logs',
    role: 'tenant',
    tag: 'Containers',
    summary: "Read a container's log",
    description: 'One JSON object a line, streamed.',
    params: IdParam,
    query: Type.Object(
      {
        tail: Type.Integer({ minimum: 0, maximum: 100_000, default: 200, description: 'Lines of the past.' }),
        follow: Type.Boolean({ default: false, description: 'Go on with new lines.' }),
      },
      { additionalProperties: false },
    ),
    isLong: true,
    responses: { 200: { description: 'Lines.', contentType: 'application/x-ndjson', schema: LogLineView } },
    faults: ['container.not_found', 'container.conflict', 'runtime.container_gone', 'runtime.unavailable'],
  },
  async ({ params, query, principal, context }, { store, runtime }) => {
    const { id } = await runningContainer(store, principal, params.id)
    const ended = new AbortController()
    const signal = AbortSignal.any([context.signal, ended.signal])
    const lines = runtime.logs(id, query, signal)[Symbol.asyncIterator]()
    // The first line, or the fault, comes before the answer does; a follower of a silent container is not kept waiting for its headers.
    const first = query.follow ? undefined : await lines.next()
    const body = toByteStream(toJsonLines(first, lines), () => ended.abort())
    return new Response(body, { headers: { 'content-type': 'application/x-ndjson', 'cache-control': 'no-store' } })
  },
)

async function* toJsonLines(first: IteratorResult<LogLine> | undefined, lines: AsyncIterator<LogLine>): AsyncGenerator<string> {
  for (let line = first ?? (await lines.next()); !line.done; line = await lines.next()) yield `${JSON.stringify(line.value)}\n`
}
