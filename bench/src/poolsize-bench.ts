import { createBenchClient, type BenchClient } from './bench-client.ts'
import type { BenchContext, Benchmark } from './benchmark.ts'
import { fillFakePools } from './fake-pools.ts'
import { createRandom } from './random.ts'
import type { Result } from './report.ts'
import { startServer, type ServerProcess } from './server-process.ts'
import { summarise } from './statistics.ts'
import { createStopwatch, type Stopwatch } from './stopwatch.ts'

const rounds = 100
const warmUpRounds = 10
/** Claims of each house in a round, so that the small pool is never less than half full. */
const perRound = 5

interface House {
  readonly name: string
  readonly client: BenchClient
  readonly pools: readonly string[]
  readonly size: number
}

export const poolSizeBench: Benchmark = {
  name: 'poolsize',
  summary: 'one claim after another with 2,000 warm containers beside one with 10, fake runtime',
  async run(context) {
    const servers: ServerProcess[] = []
    try {
      for (let i = 0; i < 2; i++) servers.push(await startServer(['bench/src/fake-house.ts']))
      const [large, small] = servers as [ServerProcess, ServerProcess]
      return await measure(
        // A pool holds at most 1,000.
        await fill(large, { name: 'claim of 2,000 warm', count: 2, size: 1000 }, context),
        await fill(small, { name: 'control: claim of 10 warm', count: 1, size: 10 }, context),
        context,
      )
    } finally {
      for (const server of servers) await server.stop()
    }
  },
}

async function fill(
  server: ServerProcess,
  { name, count, size }: { readonly name: string; readonly count: number; readonly size: number },
  { note }: BenchContext,
): Promise<House> {
  const client = createBenchClient(server)
  return { name, client, size, pools: await fillFakePools(client, { count, size, note }) }
}

async function measure(large: House, small: House, { seed, scale, note }: BenchContext): Promise<Result> {
  const random = createRandom(seed)
  const watch = createStopwatch()
  const count = Math.max(1, Math.round(rounds * scale))
  for (let round = 0; round < warmUpRounds + count; round++) {
    if (round === warmUpRounds) watch.reset()
    await playRound([large, small], { round, watch, random })
    if (round % 10 === 0) note(`round ${round} of ${warmUpRounds + count}`)
  }
  const samplesMs = watch.samplesMs()
  const rows = Object.fromEntries(Object.entries(samplesMs).map(([name, samples]) => [name, summarise(samples)]))
  const over = (where: string) =>
    (rows[`${large.name}, ${where}`]?.p50Ms ?? Number.NaN) / (rows[`${small.name}, ${where}`]?.p50Ms ?? Number.NaN)
  const bar = (where: string) =>
    ({ measure: `claim p50 with 2,000 warm over that with 10, ${where}`, value: over(where), limit: 1.1, unit: '' }) as const
  return {
    name: 'poolsize',
    method:
      'Two servers on the runtime in memory, each with an embedded Postgres (fsync on) of its own: one with two full pools of 1,000, one with a ' +
      `full pool of 10. One caller claims ${perRound} times from each, in pairs of a seeded order, one after the other; then both give back and fill up again. ` +
      'Of the small house 10 to 6 are warm at a claim, of the large one 2,000 to 1,996.',
    warmUp: `${warmUpRounds} rounds of ${perRound} pairs, thrown away.`,
    rows,
    facts: { pairs: count * perRound },
    bars: [bar('HTTP client'), bar('in the server')],
    samplesMs,
  }
}

interface Round {
  readonly round: number
  readonly watch: Stopwatch
  readonly random: () => number
}

async function playRound(houses: readonly [House, House], { round, watch, random }: Round): Promise<void> {
  const held: { readonly house: House; readonly tenantId: string; readonly poolId: string }[] = []
  for (let pair = 0; pair < perRound; pair++) {
    for (const house of random() < 0.5 ? houses : houses.toReversed()) {
      const tenantId = `tenant-${round}-${pair}`
      const poolId = house.pools[pair % house.pools.length] ?? ''
      const { source, clientMs, serverMs } = await house.client.claim(tenantId, poolId)
      if (source !== 'pool') throw new Error(`A claim of a full pool was served from ${source}`)
      watch.add(`${house.name}, HTTP client`, clientMs)
      watch.add(`${house.name}, in the server`, serverMs['total'] ?? Number.NaN)
      held.push({ house, tenantId, poolId })
    }
  }
  await Promise.all(held.map(({ house, tenantId, poolId }) => house.client.release(tenantId, poolId)))
  for (const { client, pools, size } of houses) for (const poolId of pools) await client.untilWarm(poolId, size)
}
