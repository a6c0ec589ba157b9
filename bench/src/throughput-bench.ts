import { createBenchClient, type BenchClient } from './bench-client.ts'
import type { BenchContext, Benchmark } from './benchmark.ts'
import { fillFakePools } from './fake-pools.ts'
import { getHealth } from './health-control.ts'
import type { Result } from './report.ts'
import { startServer, type ServerProcess } from './server-process.ts'
import { summarise } from './statistics.ts'
import { cpuShares, usedCpu } from './used-cpu.ts'

const callers = 64
const perPool = 1000
const warmUpPools = 2
const measuredPools = 6
const controlName = `control: GET /health by ${callers} callers`

export const throughputBench: Benchmark = {
  name: 'throughput',
  summary: `${callers} callers at once over HTTP, fake runtime, one process, embedded Postgres`,
  async run(context) {
    const server = await startServer(['bench/src/fake-house.ts'])
    try {
      return await measure(server, context)
    } finally {
      await server.stop()
    }
  },
}

async function measure(server: ServerProcess, { scale, note }: BenchContext): Promise<Result> {
  const client = createBenchClient(server)
  const size = Math.max(callers, Math.round(perPool * Math.min(scale, 1)))
  const pools = await fillFakePools(client, { count: warmUpPools + measuredPools, size, note })
  await claimAll(client, pools.slice(0, warmUpPools), size)
  const before = await usedCpu(server)
  const { clientMs, serverMs, tookMs } = await claimAll(client, pools.slice(warmUpPools), size)
  const after = await usedCpu(server)
  const controlMs = await askHealth(server, clientMs.length)
  const rate = clientMs.length / (tookMs / 1000)
  const rows = {
    'claim, HTTP client': summarise(clientMs),
    'claim, in the server': summarise(serverMs),
    [controlName]: summarise(controlMs),
  }
  return {
    name: 'throughput',
    method:
      `${callers} callers in a closed loop over HTTP claim for ${clientMs.length} tenants, each its own, from ${measuredPools} full pools of ${size}; API, claims and ` +
      'controllers in one process on the embedded Postgres (fsync on), on the runtime in memory. The load generator shares the cores with both. ' +
      'No refill in the measured time: bound containers fill the pools to their maxSize. Control, after it: as many GET /health by the same callers.',
    warmUp: `${warmUpPools} pools of ${size} claimed empty by the same callers, thrown away.`,
    rows,
    control: controlName,
    facts: {
      'claims a second': Math.round(rate),
      ...cpuShares(before, after, tookMs),
    },
    bars: [
      { measure: `durable claims by ${callers} callers`, value: rate, limit: 2000, unit: '/s', sense: 'at_least' },
      { measure: `claim by ${callers} callers, p99`, value: rows['claim, HTTP client'].p99Ms, limit: 60, unit: 'ms' },
    ],
    samplesMs: { 'claim, HTTP client': clientMs, 'claim, in the server': serverMs, [controlName]: controlMs },
  }
}

async function claimAll(client: BenchClient, pools: readonly string[], size: number) {
  const clientMs: number[] = []
  const serverMs: number[] = []
  const total = pools.length * size
  let next = 0
  const began = performance.now()
  const caller = async () => {
    for (let i = next++; i < total; i = next++) {
      const poolId = pools[i % pools.length] ?? ''
      const claimed = await client.claim(`tenant-${poolId}-${i}`, poolId)
      clientMs.push(claimed.clientMs)
      serverMs.push(claimed.serverMs['total'] ?? Number.NaN)
    }
  }
  await Promise.all(Array.from({ length: callers }, caller))
  return { clientMs, serverMs, tookMs: performance.now() - began }
}

/** The control: the same callers, with next to nothing behind the HTTP. */
async function askHealth(server: ServerProcess, count: number): Promise<readonly number[]> {
  const controlMs: number[] = []
  let next = 0
  const caller = async () => {
    while (next++ < count) {
      const began = performance.now()
      await getHealth(server)
      controlMs.push(performance.now() - began)
    }
  }
  await Promise.all(Array.from({ length: callers }, caller))
  return controlMs
}
