import { Fault } from '@boilerhouse/base'

import type { Upstream } from './find-upstream.ts'
import { requestHeaders, responseHeaders, type Sender } from './proxy-headers.ts'

export interface Forward {
  readonly request: Request
  readonly upstream: Upstream
  /** With its query, as it came. */
  readonly path: string
  readonly sender: Sender
  /** Told for each chunk, either way. */
  readonly noteActivity: () => void
  readonly signal: AbortSignal
  /** As `signal`, but not aborted by the request's own end: for what outlives it. */
  readonly cutOff: AbortSignal
}

/** Passes one request and its answer on, both as streams; nothing is unpacked, kept or followed. */
export async function forwardHttp({ request, upstream, path, sender, noteActivity, signal }: Forward): Promise<Response> {
  noteActivity()
  const hasBody = request.body !== null && request.method !== 'GET' && request.method !== 'HEAD'
  const answer = await fetch(`http://${authority(upstream)}${path}`, {
    method: request.method,
    headers: requestHeaders(request.headers, sender),
    redirect: 'manual',
    decompress: false,
    timeout: false,
    signal,
    ...(hasBody && { body: request.body.pipeThrough(noting(noteActivity)), duplex: 'half' }),
  } as BunFetchRequestInit).catch((cause: unknown) => {
    throw new Fault('proxy.unreachable', `Nothing answers on port ${upstream.port} of the container`, { cause })
  })
  return new Response(answer.body?.pipeThrough(noting(noteActivity)) ?? null, {
    status: answer.status,
    statusText: answer.statusText,
    headers: responseHeaders(answer.headers, sender.prefix),
  })
}

export const authority = ({ host, port }: Upstream): string => `${host.includes(':') ? `[${host}]` : host}:${port}`

const noting = (note: () => void) =>
  new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      note()
      controller.enqueue(chunk)
    },
  })
