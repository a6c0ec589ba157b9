// A process: API, claims and controllers on the embedded Postgres as the program composes them, but on the runtime in memory.
import { createApi, createPrometheusMetrics, hashKey } from '@boilerhouse/api'
import { createLogger, createSecretBox, noTracer, systemClock as clock } from '@boilerhouse/base'
import { createClaims } from '@boilerhouse/claims'
import { createControllers } from '@boilerhouse/controllers'
import { startEmbeddedPostgres } from '@boilerhouse/postgres-embedded'
import { createFakeRuntime } from '@boilerhouse/runtime'
import { claimsFirst, createEventHub } from '@boilerhouse/store'
import { createPostgresStore } from '@boilerhouse/store-postgres'

import { tellMemoryOnSignal } from './fake-memory.ts'
import { fakeImageName } from './fake-pools.ts'

const dataDir = setting('BOILERHOUSE_DATA_DIR')
const log = createLogger({ level: 'warn', clock, write: (line) => void process.stderr.write(`${line}\n`) })
const metrics = createPrometheusMetrics()
const postgres = await startEmbeddedPostgres({ dataDir, clock, log })
const { store, background } = claimsFirst(
  await createPostgresStore({ connection: postgres.connection, clock, log, metrics }),
  clock,
)
const runtime = createFakeRuntime({ clock })
runtime.control.setImage(fakeImageName)
const hub = createEventHub({ events: background(12).events, clock, log, metrics })
await hub.start()
const box = createSecretBox('the key of a bench')
const settings = { maxContainers: 100_000, environment: {} }
const claims = createClaims({ store, hub, runtime, clock, log, metrics, tracer: noTracer, box, settings })
const controllers = createControllers({
  store: background(30),
  hub,
  runtime,
  claims,
  clock,
  log,
  metrics,
  settings: { ...settings, minFreeMb: 1, leaseTtlMs: 5000, workloadsDir: dataDir, allowNetworks: [] },
  holder: `bench/${process.pid}`,
})
controllers.start()
const api = createApi({
  store,
  hub,
  claims,
  runtime,
  clock,
  log,
  metrics,
  box,
  version: 'bench',
  adminKeyHash: hashKey(setting('BOILERHOUSE_API_KEY')),
  settings: () => [],
  doctor: async () => ({ isHealthy: true }),
})
const listening = api.listen({ host: '127.0.0.1', port: 0 })
process.once('SIGTERM', () => void stop())
tellMemoryOnSignal(dataDir)
process.stderr.write(`API    ${listening.url}\n`)

async function stop(): Promise<void> {
  await listening.stop(1000)
  await api.close()
  await controllers.stop()
  await claims.close()
  await hub.stop()
  await runtime.close()
  await store.close()
  await postgres.leave()
}

function setting(name: string): string {
  const value = process.env[name]
  if (!value) throw new Error(`${name} is not set: this is started by a bench`)
  return value
}
