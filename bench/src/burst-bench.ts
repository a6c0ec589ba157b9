import { poolSize, withBenchPool, type BenchPool } from './bench-pool.ts'
import type { BenchContext, Benchmark } from './benchmark.ts'
import type { Result } from './report.ts'
import { summarise } from './statistics.ts'

const rounds = 10

export const burstBench: Benchmark = {
  name: 'burst',
  summary: '20 claims at once on a full pool of 20, on Docker',
  run: (context) => withBenchPool(context.note, (pool) => measure(pool, context)),
}

async function measure(pool: BenchPool, { scale, note }: BenchContext): Promise<Result> {
  const client: number[] = []
  const server: number[] = []
  const count = Math.max(1, Math.round(rounds * scale))
  for (let round = 0; round <= count; round++) {
    const tenants = Array.from({ length: poolSize }, (_, i) => `burst-${round}-${i}`)
    const claimed = await Promise.all(tenants.map((tenantId) => pool.client.claim(tenantId, pool.poolId)))
    const cold = claimed.find(({ source }) => source !== 'pool')
    if (cold) throw new Error(`A claim of a full pool was served from ${cold.source}`)
    if (round > 0) {
      client.push(...claimed.map(({ clientMs }) => clientMs))
      server.push(...claimed.map(({ serverMs }) => serverMs['total'] ?? Number.NaN))
    }
    await Promise.all(tenants.map((tenantId) => pool.client.release(tenantId, pool.poolId)))
    await pool.fill()
    note(`burst ${round} of ${count}${round === 0 ? ' (warm-up)' : ''}`)
  }
  const rows = { 'claim, HTTP client': summarise(client), 'claim, in the server': summarise(server) }
  return {
    name: 'burst',
    method:
      `As in \`claim\`, but ${poolSize} tenants claim at the same moment, on connections of their own, until the pool of ${poolSize} is empty. ` +
      'Every claim counts, the slowest of each burst too.',
    warmUp: 'One burst, thrown away.',
    rows,
    facts: { bursts: count },
    bars: [
      { measure: 'the slowest claim of all bursts, HTTP client', value: rows['claim, HTTP client'].maxMs, limit: 50, unit: 'ms' },
    ],
    samplesMs: { 'claim, HTTP client': client, 'claim, in the server': server },
  }
}
