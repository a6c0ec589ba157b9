import { createSecretBox, noTracer, type Clock, type Logger, type Tracer } from '@boilerhouse/base'
import { createPrometheusMetrics, type PrometheusMetrics } from '@boilerhouse/api'
import { createClaims, type Claims } from '@boilerhouse/claims'
import { startEmbeddedPostgres } from '@boilerhouse/postgres-embedded'
import type { Runtime } from '@boilerhouse/runtime'
import { createDockerRuntime } from '@boilerhouse/runtime-docker'
import { claimsFirst, createEventHub, type EventHub, type Store } from '@boilerhouse/store'
import { createPostgresStore } from '@boilerhouse/store-postgres'

import type { Config } from './config/load-config.ts'
import { allowedEnvironment } from './config/allowed-environment.ts'
import { runDirOf } from './config/run-dir.ts'
import { proxyPlaceOf, proxyUrlAt, type ProxyPlace } from './roles/proxy-place.ts'

/** The parts that every role works with, on real adapters. */
export interface House {
  readonly config: Config
  readonly clock: Clock
  readonly log: Logger
  readonly tracer: Tracer
  readonly metrics: PrometheusMetrics
  readonly box: ReturnType<typeof createSecretBox>
  readonly store: Store
  /** The same for controllers: it gives way to claims. */
  readonly background: Store
  readonly runtime: Runtime
  readonly hub: EventHub
  readonly claims: Claims
  readonly proxyPlace: ProxyPlace
  /** Ends in the reverse order of the building. Containers stay. */
  close(): Promise<void>
}

export interface ComposeOptions {
  readonly config: Config
  readonly clock: Clock
  readonly log: Logger
  readonly tracer?: Tracer
}

/** Streams and waiting claims hear of events through the hub. */
const eventPatienceMs = 12
const controllerPatienceMs = 30

type Closer = () => Promise<void>

/** The only place where adapters are made. A part that fails takes those before it down again. */
export async function compose({ config, clock, log, tracer = noTracer }: ComposeOptions): Promise<House> {
  const closers: Closer[] = []
  const close = async () => {
    for (const closer of closers.splice(0).toReversed()) {
      await closer().catch((error: unknown) => log.warn('A part did not close; the others go on', { error }))
    }
  }
  try {
    const metrics = createPrometheusMetrics()
    const box = createSecretBox(config.secretKey)
    const opening = { config, clock, log, metrics }
    const [opened, runtime] = await both(openStore(opening, closers), openRuntime(opening, closers))
    const { store, background } = claimsFirst(opened, clock)
    const hub = createEventHub({ events: background(eventPatienceMs).events, clock, log, metrics })
    await hub.start()
    closers.push(() => hub.stop())
    const proxyPlace = proxyPlaceOf(config)
    const claims = createClaims({
      store,
      hub,
      runtime,
      clock,
      log,
      metrics,
      tracer,
      box,
      settings: claimSettings(config, proxyPlace),
    })
    closers.push(() => claims.close())
    return {
      config,
      clock,
      log,
      tracer,
      metrics,
      box,
      store,
      background: background(controllerPatienceMs),
      runtime,
      hub,
      claims,
      proxyPlace,
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

/** Side by side for a quick start; waits for both even where one fails, so that nothing opens after the closing. */
async function both<A, B>(a: Promise<A>, b: Promise<B>): Promise<[A, B]> {
  await Promise.allSettled([a, b])
  return [await a, await b]
}

interface Opening {
  readonly config: Config
  readonly clock: Clock
  readonly log: Logger
  readonly metrics: PrometheusMetrics
}

async function openStore({ config, clock, log, metrics }: Opening, closers: Closer[]): Promise<Store> {
  const postgres =
    config.databaseUrl === undefined
      ? await startEmbeddedPostgres({ dataDir: config.dataDir, runDir: runDirOf(config), clock, log })
      : undefined
  if (postgres) closers.push(() => postgres.leave())
  const connection = postgres?.connection ?? config.databaseUrl
  if (connection === undefined)
    throw new TypeError('Cannot open the store: there is neither an embedded Postgres nor a DATABASE_URL')
  const store = await createPostgresStore({ connection, clock, log, metrics, maxConnections: config.databaseConnections })
  closers.push(() => store.close())
  return store
}

async function openRuntime({ config, clock, log, metrics }: Opening, closers: Closer[]): Promise<Runtime> {
  const { installationId, dockerHost, dataDir, hostDataDir, slotsDir, hostSlotsDir, networkCidr, allowNetworks, busyboxPath } =
    config
  const runtime = await createDockerRuntime({
    installation: installationId,
    dockerHost,
    dataDir,
    hostDataDir,
    slotsDir,
    hostSlotsDir,
    networkCidr,
    allowNetworks,
    busyboxPath,
    clock,
    log,
    metrics,
  })
  closers.push(() => runtime.close())
  return runtime
}

const claimSettings = (config: Config, proxyPlace: ProxyPlace) => ({
  maxClaimsPerTenant: config.maxClaimsPerTenant,
  maxContainers: config.maxContainers,
  environment: allowedEnvironment(config),
  proxyUrl: proxyUrlAt(proxyPlace),
})
