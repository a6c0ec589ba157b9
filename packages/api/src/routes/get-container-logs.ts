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
    description: 'One JSON object a line, streamed. Empty lines say nothing and are to be skipped.',
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
  async ({ params, query, principal, context }, { store, runtime, clock }) => {
    const { id } = await runningContainer(store, principal, params.id)
    const ended = new AbortController()
    const signal = AbortSignal.any([context.signal, ended.signal])
    const lines = runtime.logs(id, query, signal)[Symbol.asyncIterator]()
    // The first line, or the fault, comes before the answer does. A follower of a silent container gets an empty line in its place:
    // Bun sends no headers before the first byte.
    const first = lines.next()
    const isSilent = query.follow && (await Promise.race([first, clock.sleep(silentMs, signal)])) === undefined
    if (!isSilent) await first
    const body = toByteStream(toJsonLines(first, lines, isSilent), () => ended.abort())
    return new Response(body, { headers: { 'content-type': 'application/x-ndjson', 'cache-control': 'no-store' } })
  },
)

const silentMs = 50

async function* toJsonLines(
  first: Promise<IteratorResult<LogLine>>,
  lines: AsyncIterator<LogLine>,
  isSilent: boolean,
): AsyncGenerator<string> {
  if (isSilent) yield '\n'
  for (let line = await first; !line.done; line = await lines.next()) yield `${JSON.stringify(line.value)}\n`
}
