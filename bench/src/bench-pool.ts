import { join } from 'node:path'

import { createBenchClient, type BenchClient } from './bench-client.ts'
import { benchImage, makeBenchImage, webServer } from './bench-image.ts'
import { interruptible, unlessAborted } from './interruptible.ts'
import { removeLeftovers } from './leftovers.ts'
import { controlLabel, openRawEngine, type RawEngine } from './raw-engine.ts'
import { installationOf, startServer, type ServerProcess } from './server-process.ts'

export const poolSize = 20
export const engineSocket = '/var/run/docker.sock'
export const serverCommand = ['apps/boilerhouse/src/main.ts', 'up', '--no-examples'] as const
const poolId = 'bench'

export interface BenchPool {
  readonly server: ServerProcess
  readonly client: BenchClient
  readonly engine: RawEngine
  readonly poolId: string
  /** Aborts where the bench is ended from outside. */
  readonly signal: AbortSignal
  /** Full, with nothing bound or on its way. Rejects once the bench is ended from outside. */
  fill(): Promise<void>
  /** The server was killed, and this one took its place. */
  adopt(server: ServerProcess): void
}

/** What is not as in the usual pool of 20 running containers. */
export interface BenchPoolOptions {
  readonly workload?: object
  readonly pool?: { readonly minSize: number; readonly maxSize: number }
}

const busybox = join(import.meta.dirname, '../../.tools/bin/busybox')

/** A pool of 20 on the real engine, behind the real program in a process of its own. All of it is gone afterwards. */
export function withBenchPool<T>(
  note: (line: string) => void,
  use: (pool: BenchPool) => Promise<T>,
  options: BenchPoolOptions = {},
): Promise<T> {
  return interruptible(async (signal) => {
    const engine = await openRawEngine(engineSocket, signal)
    await makeBenchImage(engine, busybox)
    try {
      const pool = openPool(engine, await startServer(serverCommand), signal, options)
      try {
        note(`server on ${pool.server.url}, filling a pool of ${pool.size}`)
        return await unlessAborted(
          signal,
          makePool(pool, options).then(() => use(pool)),
        )
      } finally {
        await clearAway(pool, note)
      }
    } finally {
      await engine.removeImage(benchImage)
    }
  })
}

function openPool(
  engine: RawEngine,
  first: ServerProcess,
  signal: AbortSignal,
  { pool: { minSize: size } = { minSize: poolSize, maxSize: poolSize } }: BenchPoolOptions,
): BenchPool & { readonly size: number } {
  let current = { server: first, client: createBenchClient(first) }
  const { promise: ended, reject } = Promise.withResolvers<never>()
  ended.catch(() => undefined)
  signal.addEventListener('abort', () => reject(signal.reason))
  return {
    get server() {
      return current.server
    },
    get client() {
      return current.client
    },
    engine,
    poolId,
    signal,
    size,
    async fill() {
      signal.throwIfAborted()
      await Promise.race([current.client.untilWarm(poolId, size), ended])
    },
    adopt(server) {
      current = { server, client: createBenchClient(server) }
    },
  }
}

async function makePool({ client, fill }: BenchPool, { workload: changed, pool }: BenchPoolOptions): Promise<void> {
  await client.create('workloads', { ...workload, ...changed })
  await client.create('pools', {
    id: poolId,
    workloadId: poolId,
    minSize: poolSize,
    maxSize: poolSize,
    maxFillConcurrency: 4,
    ...pool,
  })
  await fill()
}

const workload = {
  id: poolId,
  name: 'Bench',
  image: benchImage,
  command: webServer,
  warmth: 'running',
  ports: [{ name: 'http', containerPort: 8080, protocol: 'http' }],
  healthCheck: { http: { port: 8080, path: '/index.html' }, intervalMs: 5000, timeoutMs: 2000 },
  resources: { cpus: 1, memoryMb: 32, pids: 32, diskMb: 64 },
}

/** The server ends its pool itself; what it could not is taken from the engine. */
async function clearAway({ server, client, engine }: BenchPool, note: (line: string) => void): Promise<void> {
  const installation = await installationOf(server.dataDir)
  for (const id of await engine.labelled(controlLabel)) await engine.remove(id)
  await client.removeAll(poolId, poolId).catch((error: unknown) => note(`the pool did not end by itself: ${String(error)}`))
  await server.stop()
  await removeLeftovers(engine, installation)
}
