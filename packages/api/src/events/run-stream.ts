import { isFault } from '@boilerhouse/base'
import type { EventFilter } from '@boilerhouse/store'

import type { RouteDeps } from '../deps.ts'
import { toProblem } from '../problem-answer.ts'
import { streamEvents, type EventSink, type StreamEnd } from './stream-events.ts'

/** Why a stream ended, as its reader is told before it is closed. `cursor` is where to go on. */
export interface Farewell {
  readonly code: 'event.slow_reader' | 'auth.invalid' | 'server.stopping' | 'server.internal' | 'store.unavailable'
  readonly cursor?: string
  readonly detail: string
}

export interface RunStreamInput {
  readonly deps: RouteDeps
  readonly keyId: string
  readonly filter: EventFilter
  readonly cursor: string | undefined
  readonly sink: EventSink
  readonly controller: AbortController
  readonly correlationId: string
}

/** Runs one stream to its end: aborted by its reader, its key, the stopping server or its own slowness. Never rejects. */
export async function runStream(input: RunStreamInput): Promise<Farewell | undefined> {
  const { deps, keyId, controller, correlationId } = input
  const unwatch = deps.auth.watch(keyId, () => controller.abort('revoked'))
  try {
    const end = await streamEvents({
      events: deps.store.events,
      tail: deps.tail,
      headCursor: () => deps.hub.cursor(),
      filter: input.filter,
      cursor: input.cursor,
      sink: input.sink,
      signal: controller.signal,
    })
    return farewell(end, controller.signal.reason)
  } catch (error) {
    if (!isFault(error)) deps.log.error('event stream failed', { correlationId, error })
    const { problem } = toProblem(error, correlationId)
    return { code: isFault(error, 'store.unavailable') ? 'store.unavailable' : 'server.internal', detail: problem.detail }
  } finally {
    unwatch()
    controller.abort()
  }
}

function farewell({ reason, cursor }: StreamEnd, abortReason: unknown): Farewell | undefined {
  if (reason === 'slow_reader') return { code: 'event.slow_reader', cursor, detail: 'Connect again with this cursor' }
  if (abortReason === 'revoked') return { code: 'auth.invalid', detail: 'The key was revoked or has expired' }
  if (abortReason === 'stopping') return { code: 'server.stopping', cursor, detail: 'Connect again with this cursor' }
  return undefined
}
