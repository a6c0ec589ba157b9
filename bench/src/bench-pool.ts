import { join } from 'node:path'

import { createBenchClient, type BenchClient } from './bench-client.ts'
import { benchImage, makeBenchImage, webServer } from './bench-image.ts'
import { openRawEngine, type RawEngine } from './raw-engine.ts'
import { startServer, type ServerProcess } from './server-process.ts'

export const poolSize = 20
const poolId = 'bench'

export interface BenchPool {
  readonly server: ServerProcess
  readonly client: BenchClient
  readonly engine: RawEngine
  readonly poolId: string
  /** Full, with nothing bound or on its way. */
  fill(): Promise<void>
}

const busybox = join(import.meta.dirname, '../../.tools/bin/busybox')
const engineSocket = '/var/run/docker.sock'

/** A pool of 20 on the real engine, behind the real program in a process of its own. All of it is gone afterwards. */
export async function withBenchPool<T>(note: (line: string) => void, use: (pool: BenchPool) => Promise<T>): Promise<T> {
  const engine = await openRawEngine(engineSocket)
  await makeBenchImage(engine, busybox)
  const server = await startServer(['apps/boilerhouse/src/main.ts', 'up', '--no-examples'])
  const client = createBenchClient(server)
  try {
    note(`server on ${server.url}, filling a pool of ${poolSize}`)
    await client.create('workloads', workload)
    await client.create('pools', { id: poolId, workloadId: poolId, minSize: poolSize, maxSize: poolSize, maxFillConcurrency: 4 })
    await client.untilWarm(poolId, poolSize)
    return await use({ server, client, engine, poolId, fill: () => client.untilWarm(poolId, poolSize) })
  } finally {
    await client.removeAll(poolId, poolId).finally(() => server.stop())
    await removeControls(engine)
  }
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

async function removeControls(engine: RawEngine): Promise<void> {
  for (const id of await engine.labelled('io.boilerhouse.bench')) await engine.remove(id)
}
