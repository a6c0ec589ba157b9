import { createSecretBox, noTracer, silentLogger, systemClock, type Clock } from '@boilerhouse/base'
import { createClaims, type Claims } from '@boilerhouse/claims'
import { createControllers } from '@boilerhouse/controllers'
import { testDatabase } from '@boilerhouse/postgres-embedded/testing'
import { createFakeRuntime, type FakeRuntime } from '@boilerhouse/runtime'
import { createEventHub, createMemoryStore, type EventHub, type Store } from '@boilerhouse/store'
import { createPostgresStore } from '@boilerhouse/store-postgres'

import { createApi, type Api } from './api.ts'
import { hashKey } from './auth/key-secret.ts'
import type { ApiDeps } from './deps.ts'
import { createPrometheusMetrics, type PrometheusMetrics } from './prometheus-metrics.ts'
import type { Listening } from './server.ts'

export interface Reply {
  readonly status: number
  // Tests look into answers of every shape.
  // oxlint-disable-next-line typescript/no-explicit-any -- see above
  readonly body: any
  readonly text: string
  readonly headers: Headers
}

export interface CallOptions {
  /** The admin's where not given; null for none. */
  readonly key?: string | null
  readonly body?: unknown
  /** Sent as it is. */
  readonly raw?: string | Uint8Array | ReadableStream<Uint8Array>
  readonly headers?: Readonly<Record<string, string>>
}

export interface Bed extends AsyncDisposable {
  readonly url: string
  readonly api: Api
  readonly listening: Listening
  readonly store: Store
  readonly hub: EventHub
  readonly runtime: FakeRuntime
  readonly claims: Claims
  readonly metrics: PrometheusMetrics
  readonly adminKey: string
  readonly logLines: readonly string[]
  /** Where the database is, on `postgres`. */
  readonly connection: Parameters<typeof createPostgresStore>[0]['connection'] | undefined
  call(method: string, path: string, options?: CallOptions): Promise<Reply>
  makeKey(input: Record<string, unknown>): Promise<string>
  /** A ready workload and a full pool of it. */
  demo(changes?: { workload?: Record<string, unknown>; pool?: Record<string, unknown>; id?: string }): Promise<void>
}

export interface BedOptions extends Partial<ApiDeps> {
  readonly on?: 'memory' | 'postgres'
  readonly withControllers?: boolean
}

export const demoWorkload = {
  id: 'demo',
  name: 'Demo',
  image: 'echo:1',
  ports: [{ name: 'http', containerPort: 8080 }],
  volumes: { state: { containerPath: '/state' } },
}

/** The whole server over a real store and a fake engine, listening on a port of its own. */
export async function createBed({ on = 'memory', withControllers = true, ...overrides }: BedOptions = {}): Promise<Bed> {
  const clock: Clock = systemClock
  const metrics = createPrometheusMetrics()
  const logLines: string[] = []
  const log = silentLogger
  const database = on === 'postgres' ? await testDatabase() : undefined
  const store = database
    ? await createPostgresStore({ connection: database.connection, clock, log, metrics })
    : createMemoryStore({ clock })
  const runtime = createFakeRuntime({ clock })
  runtime.control.setImage('echo:1')
  const hub = createEventHub({ events: store.events, clock, log, metrics })
  await hub.start()
  const box = createSecretBox('a key of the test bed')
  const adminKey = 'the-admin-key-of-the-test-bed'
  const settings = { maxClaimsPerTenant: 100, maxContainers: 1_000, environment: {} }
  const claims = createClaims({ store, hub, runtime, clock, log, metrics, tracer: noTracer, box, settings })
  const controllers = createControllers({
    store,
    hub,
    runtime,
    claims,
    clock,
    log,
    metrics,
    settings: {
      ...settings,
      minFreeMb: 1,
      leaseTtlMs: 3_000,
      workloadsDir: overrides.workloadsDir ?? '/nowhere',
      allowNetworks: [],
    },
    holder: 'bed',
  })
  if (withControllers) controllers.start()
  const api = createApi({
    store,
    hub,
    claims,
    runtime,
    clock,
    log: recordingLog(logLines),
    metrics,
    box,
    version: 'test',
    adminKeyHash: hashKey(adminKey),
    settings: () => [{ name: 'BOILERHOUSE_API_KEY', value: '***', source: 'generated' }],
    doctor: async ({ repair }) => ({ isHealthy: true, repairs: repair ? ['nothing'] : [] }),
    proxy: { baseUrl: 'http://127.0.0.1:3001' },
    ...overrides,
  })
  const listening = api.listen({ host: '127.0.0.1', port: 0 })
  const { url } = listening
  const call: Bed['call'] = (method, path, options) => callServer(url, adminKey, method, path, options)
  return {
    url,
    api,
    listening,
    store,
    hub,
    runtime,
    claims,
    metrics,
    adminKey,
    logLines,
    connection: database?.connection,
    call,
    makeKey: async (input) => (await call('POST', '/api/v1/keys', { body: { name: 'test', ...input } })).body.key,
    demo: (changes) => makeDemo(call, changes),
    async [Symbol.asyncDispose]() {
      await listening.stop(100)
      await api.close()
      if (withControllers) await controllers.stop()
      await claims.close()
      await hub.stop()
      await runtime.close()
      await store.close()
      await database?.drop()
    },
  }
}

async function callServer(
  url: string,
  adminKey: string,
  method: string,
  path: string,
  { key = adminKey, body, raw, headers }: CallOptions = {},
): Promise<Reply> {
  const sent = raw ?? (body === undefined ? undefined : JSON.stringify(body))
  const response = await fetch(url + path, {
    method,
    headers: {
      ...(key !== null && { authorization: `Bearer ${key}` }),
      ...(sent !== undefined && { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(sent !== undefined && { body: sent }),
  })
  const text = await response.text()
  const isJson =
    (response.headers.get('content-type') ?? '').includes('json') && !response.headers.get('content-type')?.includes('ndjson')
  return { status: response.status, text, body: isJson && text !== '' ? JSON.parse(text) : undefined, headers: response.headers }
}

async function makeDemo(
  call: Bed['call'],
  { workload = {}, pool = {}, id = 'demo' }: Parameters<Bed['demo']>[0] = {},
): Promise<void> {
  await expectStatus(201, call('POST', '/api/v1/workloads', { body: { ...demoWorkload, id, ...workload } }))
  await expectStatus(201, call('POST', '/api/v1/pools', { body: { id, workloadId: id, minSize: 2, maxSize: 6, ...pool } }))
  const wanted = (pool['minSize'] as number | undefined) ?? 2
  await until(async () => (await call('GET', `/api/v1/pools/${id}`)).body.status.warm >= wanted)
}

async function expectStatus(status: number, reply: Promise<Reply>): Promise<Reply> {
  const answer = await reply
  if (answer.status !== status) throw new Error(`Expected ${status}, got ${answer.status}: ${answer.text}`)
  return answer
}

/** Looks every 5 ms; throws after 10 s. */
export async function until(isTrue: () => Promise<boolean> | boolean, limitMs = 10_000): Promise<void> {
  const startMs = performance.now()
  while (!(await isTrue())) {
    if (performance.now() - startMs > limitMs) throw new Error(`It did not come true within ${limitMs} ms: ${isTrue}`)
    await Bun.sleep(5)
  }
}

function recordingLog(lines: string[]): ApiDeps['log'] {
  const at = (level: string) => (message: string, fields?: object) =>
    void (level !== 'debug' && lines.push(JSON.stringify({ level, message, ...fields }, errorsAsText)))
  const log: ApiDeps['log'] = { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error'), child: () => log }
  return log
}

const errorsAsText = (_key: string, value: unknown): unknown =>
  value instanceof Error ? `${value.stack} ${value.cause ?? ''}` : value
