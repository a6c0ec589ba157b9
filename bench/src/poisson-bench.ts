import { createBenchClient, type BenchClient } from './bench-client.ts'
import type { BenchContext, Benchmark } from './benchmark.ts'
import { fillFakePools } from './fake-pools.ts'
import { getHealth } from './health-control.ts'
import { openLoop, poissonArrivals } from './open-loop.ts'
import { createRandom } from './random.ts'
import type { Result } from './report.ts'
import { startServer, type ServerProcess } from './server-process.ts'
import { summarise } from './statistics.ts'
import { createStopwatch } from './stopwatch.ts'
import { cpuShares, usedCpu } from './used-cpu.ts'

/** Claims a second, and for how long at scale 1. */
const rates = [
  { perSecond: 50, seconds: 20 },
  { perSecond: 200, seconds: 10 },
  { perSecond: 800, seconds: 5 },
] as const
const poolSize = 1000
const warmUpPerSecond = 200
const warmUpClaims = 500

export const poissonBench: Benchmark = {
  name: 'poisson',
  summary: `claims that arrive at random (Poisson), ${rates.map(({ perSecond }) => perSecond).join(', ')} a second, fake runtime`,
  async run(context) {
    const server = await startServer(['bench/src/fake-house.ts'])
    try {
      return await measure(server, context)
    } finally {
      await server.stop()
    }
  },
}

async function measure(server: ServerProcess, { seed, scale, note }: BenchContext): Promise<Result> {
  const client = createBenchClient(server)
  const random = createRandom(seed)
  const countOf = ({ perSecond, seconds }: (typeof rates)[number]) => Math.max(1, Math.round(perSecond * seconds * scale))
  const needed = rates.reduce((sum, rate) => sum + countOf(rate), warmUpClaims)
  const size = Math.min(poolSize, needed)
  const pools = await fillFakePools(client, { count: Math.ceil(needed / size), size, note })
  const watch = createStopwatch()
  const claim = claimer(client, pools)
  await openLoop(poissonArrivals(random, warmUpPerSecond, warmUpClaims), claim)
  const facts: Record<string, string | number> = {}
  for (const rate of rates) {
    const { perSecond } = rate
    const arrivals = () => poissonArrivals(random, perSecond, countOf(rate))
    const control = await openLoop(arrivals(), () => getHealth(server))
    const [before, began] = [await usedCpu(server), performance.now()]
    const serverMs: number[] = []
    const claims = await openLoop(arrivals(), async () => serverMs.push(await claim()))
    for (const ms of claims.latenciesMs) watch.add(`claim, ${perSecond}/s`, ms)
    for (const ms of claims.lateMs) watch.add(`  of it before the call began, ${perSecond}/s`, ms)
    for (const ms of serverMs) watch.add(`  of it in the server, ${perSecond}/s`, ms)
    for (const ms of control.latenciesMs) watch.add(`control: GET /health, ${perSecond}/s`, ms)
    const shares = cpuShares(before, await usedCpu(server), performance.now() - began)
    for (const [who, share] of Object.entries(shares)) facts[`${who}, ${perSecond}/s`] = share
    facts[`most claims at once, ${perSecond}/s`] = claims.mostAtOnce
    note(`${countOf(rate)} claims at ${perSecond} a second`)
  }
  const samplesMs = watch.samplesMs()
  return {
    name: 'poisson',
    method:
      'Claims arrive by a seeded Poisson process, each for another tenant, whether or not those before were answered; latency counts from the moment a ' +
      'claim was to arrive (no coordinated omission). API, claims and controllers in one process on the embedded Postgres (fsync on), on the runtime in memory; the load ' +
      'generator on the same cores. No refill in the measured time. Control: at each rate, just before, as many arrivals of GET /health, whose ' +
      'answer is kept: HTTP and the generator alone.',
    warmUp: `${warmUpClaims} claims at ${warmUpPerSecond} a second, thrown away.`,
    rows: Object.fromEntries(Object.entries(samplesMs).map(([name, samples]) => [name, summarise(samples)])),
    facts,
    bars: [],
    samplesMs,
  }
}

/** Each call claims for a tenant of its own, from one pool after the other; tells the ms in the server. */
function claimer(client: BenchClient, pools: readonly string[]): () => Promise<number> {
  let next = 0
  return async () => {
    const claim = next++
    const { source, serverMs } = await client.claim(`tenant-${claim}`, pools[claim % pools.length] ?? '')
    if (source !== 'pool') throw new Error(`A claim of a pool that was not empty was served from ${source}`)
    return serverMs['total'] ?? Number.NaN
  }
}
