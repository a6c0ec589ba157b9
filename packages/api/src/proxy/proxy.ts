import { Fault } from '@boilerhouse/base'

import { correlationIdOf } from '../correlation.ts'
import { logFailure, problemAnswer } from '../problem-answer.ts'
import type { Listening, ListenOptions } from '../server.ts'
import { stopServer } from '../stop-server.ts'
import { CallsPerKey, endWith, type OpenCall } from '../calls-per-key.ts'
import { admit, type Admission } from './admit.ts'
import { createUpstreams, type Upstreams } from './find-upstream.ts'
import { forwardHttp, type Forward } from './forward-http.ts'
import { bridgeSocket, type SocketBridge } from './forward-socket.ts'
import { hostLabelOf, placeByPath, type Placed } from './parse-target.ts'
import type { ProxyDeps } from './proxy-deps.ts'
import { createProxySessions, type ProxySessions } from './proxy-session.ts'
import { seenBy, type Seen } from './seen-by.ts'
import { SharedOrigin } from './shared-origin.ts'
import { TenantLabels } from './tenant-labels.ts'

export interface Proxy {
  listen(options: ListenOptions): Listening
  /** What an operator should know, for `doctor`. */
  warnings(): readonly string[]
}

interface Parts extends ProxyDeps {
  readonly sessions: ProxySessions
  readonly upstreams: Upstreams
  readonly labels: TenantLabels
  readonly calls: CallsPerKey
  readonly shared: SharedOrigin
}

type Server = Bun.Server<SocketBridge['handlers']>

/**
 * HTTP and WebSocket into tenants' containers, on an origin of its own: `/t/:tenantId/:poolId/:portName/*`, or a host name each below
 * the proxy's domain. Nothing of what opens the door goes through it.
 */
export function createProxy(deps: ProxyDeps): Proxy {
  const shared = new SharedOrigin(deps.log)
  return {
    warnings: () => shared.warnings(),
    listen({ host, port, tls, reusePort = false }) {
      const parts: Parts = {
        ...deps,
        sessions: createProxySessions(deps.box, deps.clock),
        upstreams: createUpstreams(deps),
        shared,
        calls: new CallsPerKey(deps.auth, deps.maxPerKey ?? 1_000),
        labels: new TenantLabels(deps.store.claims, deps.clock),
      }
      const cutOff = new AbortController()
      const protocol = tls ? 'https' : 'http'
      const server = Bun.serve<SocketBridge['handlers']>({
        hostname: host,
        port,
        reusePort,
        development: false,
        idleTimeout: 60,
        maxRequestBodySize: Number.MAX_SAFE_INTEGER,
        ...(tls && { tls }),
        fetch: (request, own) => serve(request, own, protocol, parts, cutOff.signal),
        websocket: {
          maxPayloadLength: 64 * 1_048_576,
          idleTimeout: 0,
          open: (client) => client.data.open(client),
          message: (client, message) => client.data.message(client, message),
          close: (client, code, reason) => client.data.close(client, code, reason),
        },
      })
      return {
        url: `${protocol}://${host.includes(':') ? `[${host}]` : host}:${server.port}`,
        port: server.port ?? port,
        stop: async (graceMs) => {
          await stopServer(server, { clock: deps.clock, graceMs, cutOff })
          parts.upstreams.close()
        },
      }
    },
  }
}

async function serve(
  request: Request,
  server: Server,
  protocol: 'http' | 'https',
  parts: Parts,
  stopping: AbortSignal,
): Promise<Response | undefined> {
  const correlationId = correlationIdOf(request.headers)
  try {
    server.timeout(request, 0)
    const host = request.headers.get('host') ?? ''
    const seen = seenBy(
      request.headers,
      { protocol, address: server.requestIP(request)?.address ?? '' },
      parts.trustProxy ?? false,
    )
    const placed = place(request, host, parts.domain)
    const admission = await admit(request, placed, host, parts)
    if (admission.outcome === 'entered') return enter(admission, placed, seen, parts)
    const upstream = await parts.upstreams.find(admission.target)
    const call = parts.calls.begin(admission.principal)
    const cutOff = AbortSignal.any([stopping, call.signal])
    const forward: Forward = {
      request,
      upstream,
      path: admission.path,
      sender: { address: seen.address, host, protocol: seen.protocol, prefix: admission.prefix },
      noteActivity: () => parts.claims.noteActivity(upstream.claimId),
      signal: AbortSignal.any([request.signal, cutOff]),
      cutOff,
    }
    return await passOn(forward, server, call)
  } catch (error) {
    logFailure(parts.log, error, { correlationId, operation: 'proxy' })
    return problemAnswer(error, correlationId)
  }
}

/** By host name where it is one of the domain's, else by path. The path is taken from the URL undecoded. */
function place(request: Request, host: string, domain: string | undefined): Placed {
  const path = request.url.slice(request.url.indexOf('/', request.url.indexOf('//') + 2))
  const label = domain === undefined ? undefined : hostLabelOf(host, domain)
  return label ? { place: { kind: 'host', ...label }, path, prefix: '' } : placeByPath(path)
}

/** The ticket is spent: the browser gets its cookie and goes on without the ticket, to where the cookie is good. */
function enter(
  { target, path, keyId }: Extract<Admission, { readonly outcome: 'entered' }>,
  { place: { kind } }: Placed,
  { isSecure }: Seen,
  { sessions, shared }: Pick<Parts, 'sessions' | 'shared'>,
): Response {
  if (kind === 'path') shared.entered(target.tenantId)
  const { cookie, prefix } = sessions.issue(target, keyId, { isShared: kind === 'path', isSecure })
  // A path of two slashes would be read as another host.
  const location = `${prefix}${path.replace(/^\/{2,}[^?]*/, '/')}`
  return new Response(null, {
    status: 303,
    headers: { location, 'set-cookie': cookie, 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' },
  })
}

/** The call lasts as long as what it opened: it ends with its key. */
async function passOn(forward: Forward, server: Server, call: OpenCall): Promise<Response | undefined> {
  try {
    const isSocket = forward.request.headers.get('upgrade')?.toLowerCase() === 'websocket'
    return isSocket ? await openSocket(forward, server, call) : endWith(await forwardHttp(forward), call)
  } catch (error) {
    call.end()
    throw error
  }
}

async function openSocket(forward: Forward, server: Server, call: OpenCall): Promise<Response | undefined> {
  const bridge = await bridgeSocket(forward)
  const close: SocketBridge['handlers']['close'] = (...args) => {
    call.end()
    bridge.handlers.close(...args)
  }
  const headers: Record<string, string> = bridge.protocol === '' ? {} : { 'sec-websocket-protocol': bridge.protocol }
  if (server.upgrade(forward.request, { headers, data: { ...bridge.handlers, close } })) return undefined
  bridge.abandon()
  throw new Fault('request.upgrade_required', 'The request is not a WebSocket handshake')
}
