import { streamCredentials } from '../auth/request-credentials.ts'
import type { RouteInput, SocketHandlers } from '../route.ts'
import { forbiddenTenant } from './event-query.ts'
import { heartbeat } from './heartbeat.ts'
import type { OpenStream } from './open-sse.ts'
import { runStream } from './run-stream.ts'
import type { EventSink } from './stream-events.ts'

type Socket = Bun.ServerWebSocket<unknown>

/** RFC 6455 close codes: 1013 try again later, 1008 policy, 1001 going away. */
const closeCodes: Readonly<Record<string, number>> = {
  'event.slow_reader': 1013,
  'auth.invalid': 1008,
  'server.stopping': 1001,
}

/** Checks cursor and count first, so that a refusal is a problem with a status; then the socket is opened and fed. */
export async function openSocket(
  { filter, cursor, principal, context, deps }: OpenStream,
  { request, upgrade }: Pick<RouteInput<unknown, unknown, unknown>, 'request' | 'upgrade'>,
): Promise<Response> {
  if (filter === 'nothing') throw forbiddenTenant()
  if (cursor !== undefined) await deps.store.events.read({ cursor, limit: 1 })
  const controller = deps.streams.open(principal)
  const { protocol } = streamCredentials(request.headers)
  let drained: PromiseWithResolvers<void> | undefined
  const handlers: SocketHandlers = {
    open(socket) {
      const sink = createSink(socket, deps.limits.streamBufferBytes, () => (drained ??= Promise.withResolvers()).promise)
      void heartbeat(deps.clock, deps.limits.heartbeatMs, controller.signal, () => socket.ping())
      const stream = { deps, keyId: principal.id, filter, cursor, sink, controller, correlationId: context.correlationId }
      void runStream(stream).then((farewell) => {
        if (farewell) socket.send(JSON.stringify({ kind: 'fault', ...farewell }))
        socket.close(closeCodes[farewell?.code ?? ''] ?? 1011, farewell?.code ?? '')
      })
    },
    message: () => {}, // readers only listen
    drain() {
      drained?.resolve()
      drained = undefined
    },
    close() {
      controller.abort()
      drained?.resolve()
    },
  }
  try {
    upgrade(
      { 'x-correlation-id': context.correlationId, ...(protocol !== undefined && { 'sec-websocket-protocol': protocol }) },
      handlers,
    )
  } catch (error) {
    controller.abort()
    throw error
  }
  return new Response(null)
}

/** Every message is `{ kind: 'ready' | 'event' | 'fault', cursor, … }`. */
function createSink(socket: Socket, bufferBytes: number, drained: () => Promise<void>): EventSink {
  return {
    send: (text) => void socket.send(`{"kind":"event","event":${text}}`),
    ready: (cursor) => void socket.send(JSON.stringify({ kind: 'ready', cursor })),
    blocked: () => (socket.readyState === 1 && socket.getBufferedAmount() > bufferBytes ? drained() : undefined),
  }
}
