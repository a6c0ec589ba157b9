import { readFile } from 'node:fs/promises'
import { cpus } from 'node:os'
import { join } from 'node:path'

import { createBenchClient, type BenchClient } from './bench-client.ts'
import type { BenchContext, Benchmark } from './benchmark.ts'
import { fillFakePools } from './fake-pools.ts'
import type { Result } from './report.ts'
import { startServer, type ServerProcess } from './server-process.ts'
import { summarise } from './statistics.ts'

const callers = 64
const perPool = 1000
const warmUpPools = 2
const measuredPools = 6

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
  const rate = clientMs.length / (tookMs / 1000)
  const rows = { 'claim, HTTP client': summarise(clientMs), 'claim, in the server': summarise(serverMs) }
  const share = (who: keyof typeof before) =>
    `${(((after[who] - before[who]) / (tookMs / 1000) / cpus().length) * 100).toFixed(0)} % of ${cpus().length} cores`
  return {
    name: 'throughput',
    method:
      `${callers} callers in a closed loop over HTTP claim for ${clientMs.length} tenants, each its own, from ${measuredPools} full pools of ${size}; API, claims and ` +
      'controllers in one process on the embedded Postgres (fsync on), on the runtime in memory. The load generator shares the cores with both. ' +
      'No refill in the measured time: bound containers fill the pools to their maxSize.',
    warmUp: `${warmUpPools} pools of ${size} claimed empty by the same callers, thrown away.`,
    rows,
    facts: {
      'claims a second': Math.round(rate),
      'load generator': share('generator'),
      server: share('server'),
      Postgres: share('postgres'),
    },
    bars: [
      { measure: `durable claims by ${callers} callers`, value: rate, limit: 2000, unit: '/s', sense: 'at_least' },
      { measure: `claim by ${callers} callers, p99`, value: rows['claim, HTTP client'].p99Ms, limit: 60, unit: 'ms' },
    ],
    samplesMs: { 'claim, HTTP client': clientMs, 'claim, in the server': serverMs },
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

/** Seconds of cpu so far. */
async function usedCpu(server: ServerProcess) {
  const { user, system } = process.cpuUsage()
  return {
    generator: (user + system) / 1e6,
    server: await server.cpuSeconds(server.pid),
    postgres: await postgresCpu(server),
  }
}

/** Of the postmaster and every session that runs. */
async function postgresCpu({ dataDir, cpuSeconds }: ServerProcess): Promise<number> {
  const [pidFile] = await Array.fromAsync(new Bun.Glob('postgres/*/postmaster.pid').scan({ cwd: dataDir, absolute: true }))
  if (pidFile === undefined) throw new Error(`There is no postmaster below ${join(dataDir, 'postgres')}`)
  const pid = Number((await readFile(pidFile, 'utf8')).split('\n')[0])
  const children = (await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8')).trim().split(' ').map(Number)
  const seconds = await Promise.all([pid, ...children].map(cpuSeconds))
  return seconds.reduce((sum, one) => sum + one, 0)
}
