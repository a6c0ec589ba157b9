import type { Client } from './client.ts'
import { readLines } from './lines.ts'
import type { components } from './openapi.generated.ts'

export type LogLine = components['schemas']['LogLineView']

export interface LogOptions {
  readonly tail?: number
  readonly follow?: boolean
  readonly signal?: AbortSignal
}

/** A container's log, line by line; with `follow` until the container ends or `signal` aborts. */
export async function* followLogs(client: Client, containerId: string, options: LogOptions = {}): AsyncGenerator<LogLine> {
  const { signal, ...query } = options
  const { data } = await client.GET('/api/v1/containers/{id}/logs', {
    params: { path: { id: containerId }, query },
    parseAs: 'stream',
    ...(signal && { signal }),
  })
  if (!data) return
  for await (const line of readLines(data)) if (line !== '') yield JSON.parse(line) as LogLine // as the document says
}
