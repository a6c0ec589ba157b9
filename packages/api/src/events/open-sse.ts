import type { RequestContext } from '@boilerhouse/claims'
import type { Principal } from '@boilerhouse/resources'
import type { EventFilter } from '@boilerhouse/store'

import type { RouteDeps } from '../deps.ts'
import { forbiddenTenant } from './event-query.ts'
import { heartbeat } from './heartbeat.ts'
import { runStream } from './run-stream.ts'
import { createSse } from './sse.ts'

export interface OpenStream {
  readonly filter: EventFilter | 'nothing'
  readonly cursor: string | undefined
  readonly principal: Principal
  readonly context: RequestContext
  readonly deps: RouteDeps
}

/** The cursor is tried first: one that cannot be gone on from is refused with a status, not within the stream. */
export async function openSse({ filter, cursor, principal, context, deps }: OpenStream): Promise<Response> {
  if (filter === 'nothing') throw forbiddenTenant()
  if (cursor !== undefined) await deps.store.events.read({ cursor, limit: 1 })
  const controller = deps.streams.open(principal)
  const sse = createSse({ bufferBytes: deps.limits.streamBufferBytes, onCancel: () => controller.abort() })
  context.signal.addEventListener('abort', () => controller.abort(), { once: true })
  void heartbeat(deps.clock, deps.limits.heartbeatMs, controller.signal, () => sse.comment('beat'))
  const { correlationId } = context
  void runStream({ deps, keyId: principal.id, filter, cursor, sink: sse.sink, controller, correlationId }).then((farewell) =>
    sse.end(farewell && { name: 'fault', data: JSON.stringify(farewell) }),
  )
  return new Response(sse.body, {
    headers: { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-store', 'x-accel-buffering': 'no' },
  })
}
