import { createAuthenticator } from './auth/authenticator.ts'
import { createTickets, type Tickets } from './auth/tickets.ts'
import { CallsPerKey } from './calls-per-key.ts'
import { ContainerUsages } from './container-usage.ts'
import type { ApiDeps, RouteDeps } from './deps.ts'
import { EventTail } from './events/event-tail.ts'
import { StreamRegistry } from './events/stream-registry.ts'
import { createHealth } from './health.ts'
import { HitRates } from './hit-rates.ts'
import { defaultLimits } from './limits.ts'
import { createOpenApi, type OpenApiDocument } from './openapi.ts'
import type { Principal } from '@boilerhouse/resources'
import { routeTable } from './route-table.ts'
import { createServer, type Listening, type ListenOptions } from './server.ts'

export interface Api {
  /** One request without a socket; WebSockets need `listen`. */
  fetch(request: Request): Promise<Response>
  listen(options: ListenOptions): Listening
  /** For the proxy, which serves the same keys. */
  readonly auth: ApiAuth
  readonly tickets: Tickets
  /** Ends streams and watchers, and writes what is still to be written. Stop the listeners first. */
  close(): Promise<void>
}

export interface ApiAuth {
  authenticate(secret: string | undefined): Principal | Promise<Principal>
  principalOf(keyId: string): Promise<Principal | undefined>
  watch(keyId: string, end: () => void): () => void
}

/** The HTTP side of the product. The hub must have been started. */
export function createApi(deps: ApiDeps): Api {
  const parts = assemble(deps)
  const server = createServer(routeTable, parts, () => parts.streams.endAll())
  const closing = new AbortController()
  void writeKeyUse(parts, closing.signal)
  parts.hitRates.seed(deps.store.events).catch((error: unknown) => deps.log.warn('hit rates start empty', { error }))
  return {
    fetch: (request) => server.fetch(request),
    listen: (options) => server.listen(options),
    auth: parts.auth,
    tickets: parts.tickets,
    async close() {
      closing.abort()
      parts.streams.endAll()
      parts.hitRates.close()
      parts.tail.close()
      parts.auth.close()
      await parts.auth.markUsed().catch((error: unknown) => deps.log.warn('key use not written', { error }))
    },
  }
}

function assemble(deps: ApiDeps): RouteDeps {
  const { store, hub, clock, runtime, metrics, box } = deps
  const limits = { ...defaultLimits, ...deps.limits }
  const startedAtMs = clock.nowMs()
  let document: OpenApiDocument | undefined
  const auth = createAuthenticator({ keys: store.keys, hub, clock, adminKeyHash: deps.adminKeyHash, ...limits })
  return {
    ...deps,
    limits,
    startedAtMs,
    auth,
    longCalls: new CallsPerKey(auth, limits.maxLongCallsPerKey),
    tickets: createTickets({ box, clock, idempotency: store.idempotency, ttlMs: limits.ticketTtlMs }),
    tail: new EventTail(hub, limits.eventBuffer),
    streams: new StreamRegistry(metrics, limits),
    hitRates: new HitRates(hub, clock),
    usages: new ContainerUsages(runtime, clock),
    health: createHealth({ store, runtime, clock, version: deps.version, startedAtMs }),
    openapi: () => (document ??= createOpenApi(routeTable)),
  }
}

const keyUseEveryMs = 30_000

async function writeKeyUse({ auth, clock, log }: RouteDeps, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await clock.sleep(keyUseEveryMs, signal)
    if (!signal.aborted) await auth.markUsed().catch((error: unknown) => log.warn('key use not written', { error }))
  }
}
