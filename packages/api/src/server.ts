import { Fault, type Logger } from '@boilerhouse/base'
import { Elysia } from 'elysia'

import { correlationIdOf } from './correlation.ts'
import type { RouteDeps } from './deps.ts'
import { createDispatch, type Dispatch } from './dispatch.ts'
import { createIdempotency } from './idempotency.ts'
import { logFailure, problemAnswer } from './problem-answer.ts'
import type { Route, SocketHandlers } from './route.ts'
import { stopServer } from './stop-server.ts'

export interface ListenOptions {
  readonly host: string
  /** 0 for any free one. */
  readonly port: number
  readonly tls?: { readonly cert: string; readonly key: string }
  /** Several processes may share the port: for upgrades without a gap. */
  readonly reusePort?: boolean
}

export interface Listening {
  readonly url: string
  readonly port: number
  /** Accepts nothing more, ends streams (their readers resume elsewhere), lets requests end for `graceMs`, then cuts them off. */
  stop(graceMs: number): Promise<void>
}

export interface ApiServer {
  fetch(request: Request): Promise<Response>
  listen(options: ListenOptions): Listening
}

interface ServerState {
  isStopping: boolean
  readonly cutOff: AbortController
}

/** The routes behind one router and one error handler. `onStop` runs when the server begins to stop. */
export function createServer(routes: readonly Route[], deps: RouteDeps, onStop: () => void): ApiServer {
  const newState = (): ServerState => ({ isStopping: false, cutOff: new AbortController() })
  let socketless: ReturnType<typeof createRouter> | undefined
  return {
    fetch: async (request) => (socketless ??= createRouter(routes, deps, newState())).handle(request),
    listen({ host, port, tls, reusePort = false }) {
      // Each listener stops for itself.
      const state = newState()
      const app = createRouter(routes, deps, state)
      app.listen({
        hostname: host,
        port,
        reusePort,
        development: false,
        idleTimeout: 60,
        maxRequestBodySize: Number.MAX_SAFE_INTEGER, // each route has its own limit, told as a problem
        ...(tls && { tls }),
        error: (error) => internal(deps.log, error),
      })
      const { server } = app
      if (!server) throw new Fault('server.internal', `Cannot listen on ${host}:${port}`)
      const shown = host.includes(':') ? `[${host}]` : host
      return {
        url: `${tls ? 'https' : 'http'}://${shown}:${server.port}`,
        port: server.port ?? port,
        async stop(graceMs) {
          state.isStopping = true
          onStop()
          await stopServer(server, { clock: deps.clock, graceMs, cutOff: state.cutOff })
        },
      }
    },
  }
}

const internal = (log: Logger, error: unknown): Response => {
  log.error('request failed outside its route', { error })
  return problemAnswer(error, 'unknown')
}

function createRouter(routes: readonly Route[], deps: RouteDeps, state: ServerState) {
  const app = new Elysia({
    systemRouter: false,
    nativeStaticResponse: false,
    websocket: { maxPayloadLength: 65_536, idleTimeout: 120, backpressureLimit: 64 * 1_048_576, closeOnBackpressureLimit: true },
  })
  const idempotency = createIdempotency({
    store: deps.store.idempotency,
    box: deps.box,
    clock: deps.clock,
    waitMs: deps.limits.idempotencyWaitMs,
  })
  const methods = new Map<string, string[]>()
  const serve = (route: Route) => createEdge(route, createDispatch(route, deps, idempotency), deps, state, () => app.server)
  for (const route of routes) {
    const { method, path } = route.spec
    const answer = serve(route)
    methods.set(path, [...(methods.get(path) ?? []), method, ...(method === 'GET' ? ['HEAD'] : [])])
    app.route(method, path, (context) => answer(context.request, context.params ?? {}), { parse: 'none' })
    if (method === 'GET') {
      app.route('HEAD', path, async (context) => withoutBody(await answer(context.request, context.params ?? {})), {
        parse: 'none',
      })
    }
  }
  for (const [path, allowed] of methods) app.all(path, ({ request }) => otherMethod(request, allowed), { parse: 'none' })
  app.onError(({ code, error, request }) => {
    const correlationId = correlationIdOf(request.headers)
    if (code === 'NOT_FOUND')
      return problemAnswer(new Fault('request.not_found', 'There is no route of this path'), correlationId)
    logFailure(deps.log, error, { correlationId })
    return problemAnswer(error, correlationId)
  })
  return app
}

function otherMethod(request: Request, allowed: readonly string[]): Response {
  const allow = [...allowed, 'OPTIONS'].join(', ')
  if (request.method === 'OPTIONS') return new Response(null, { status: 204, headers: { allow } })
  const fault = new Fault('request.method_not_allowed', `The route takes ${allow}`)
  return problemAnswer(fault, correlationIdOf(request.headers), { allow })
}

async function withoutBody(response: Response): Promise<Response> {
  await response.body?.cancel()
  return new Response(null, { status: response.status, headers: response.headers })
}

/** The one place where a failed request becomes an answer, is counted and is logged. */
function createEdge(
  { spec }: Route,
  dispatch: Dispatch,
  deps: RouteDeps,
  state: ServerState,
  server: () => Bun.Server<unknown> | null,
): (request: Request, params: Readonly<Record<string, string>>) => Promise<Response> {
  const { clock, log, metrics } = deps
  const operation = spec.operationId
  return async (request, params) => {
    const startMs = clock.monotonicMs()
    const correlationId = correlationIdOf(request.headers)
    const upgrade = (headers: Readonly<Record<string, string>>, handlers: SocketHandlers) => {
      if (!server()?.upgrade(request, { headers, data: handlers })) {
        throw new Fault('request.upgrade_required', 'The request is not a WebSocket handshake')
      }
    }
    let response: Response
    try {
      if (spec.isLong) server()?.timeout(request, 0)
      response = await dispatch({ request, params, correlationId, stopping: state.cutOff.signal, upgrade })
      response.headers.set('x-correlation-id', correlationId)
    } catch (error) {
      logFailure(log, error, { correlationId, operation })
      response = problemAnswer(error, correlationId)
    }
    if (state.isStopping) response.headers.set('connection', 'close')
    metrics.count('http_requests_total', { operation, status: String(response.status) })
    metrics.observe('http_request_seconds', { operation }, (clock.monotonicMs() - startMs) / 1000)
    return response
  }
}
