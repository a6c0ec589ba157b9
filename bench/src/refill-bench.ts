import { webServer } from './bench-image.ts'
import { poolSize, withBenchPool, type BenchPool } from './bench-pool.ts'
import type { BenchContext, Benchmark } from './benchmark.ts'
import { likenessOf, startByHand, type CreateOptions } from './by-hand.ts'
import { createRandom, shuffled } from './random.ts'
import type { Bar, Result } from './report.ts'
import { summarise } from './statistics.ts'
import { createStopwatch, type Stopwatch } from './stopwatch.ts'

const rounds = 5
/** How many containers somebody may start at once by hand. */
const parallelisms = [1, 2, 4, 8] as const
/** Of the pool: what it has where nobody says otherwise, and twice as many. */
const usual = 4
const fillConcurrencies = [usual, 2 * usual] as const
/** Room for those that are claimed and for those that take their place. */
const size = { minSize: poolSize, maxSize: 2 * poolSize }

export const refillBench: Benchmark = {
  name: 'refill',
  summary: `how fast a pool of ${poolSize} is full again, beside as many starts by hand, ${parallelisms.join(', ')} at once`,
  run: (context) => withBenchPool(context.note, (pool) => measure(pool, context), { pool: size }),
}

async function measure(pool: BenchPool, { seed, scale, note }: BenchContext): Promise<Result> {
  const watch = createStopwatch()
  const random = createRandom(seed)
  const count = Math.max(1, Math.round(rounds * scale))
  const likeness = await refill(pool, 'warm-up', watch, usual)
  await startMany(pool, watch, likeness, 4)
  watch.reset()
  for (let round = 1; round <= count; round++) {
    const all = [
      ...fillConcurrencies.map((n) => () => refill(pool, String(round), watch, n)),
      ...parallelisms.map((n) => () => startMany(pool, watch, likeness, n)),
    ]
    for (const one of shuffled(all, random)) await one()
    note(`round ${round} of ${count}`)
  }
  return resultOf(watch)
}

const ours = (fillConcurrency: number) => `refill of ${poolSize}, maxFillConcurrency ${fillConcurrency}`
const byHand = (parallelism: number) => `control: ${poolSize} by hand, ${parallelism} at once`

/**
 * From the first of 20 claims at once until there are 20 warm ones again, beside the claimed: nothing is removed meanwhile. The end is
 * what the last container's own `warmAt` says, so that nobody has to ask often.
 */
async function refill(pool: BenchPool, round: string, watch: Stopwatch, fillConcurrency: number): Promise<CreateOptions> {
  const { client, engine, poolId, fill, signal } = pool
  await client.call('PUT', `/pools/${poolId}`, { workloadId: poolId, ...size, maxFillConcurrency: fillConcurrency })
  const tenants = Array.from({ length: poolSize }, (_, i) => `refill-${round}-${fillConcurrency}-${i}`)
  const beganAt = Date.now()
  const claimed = await Promise.all(tenants.map((tenantId) => client.claim(tenantId, poolId)))
  if (claimed.some(({ source }) => source !== 'pool')) throw new Error('A claim of a full pool was not served from it')
  const warmAt = await lastWarmAt(pool)
  watch.add(ours(fillConcurrency), warmAt - beganAt)
  const likeness = await likenessOf(engine, claimed[0]?.containerId ?? '', webServer)
  await Promise.all(tenants.map((tenantId) => client.release(tenantId, poolId)))
  await fill()
  // Warm again is not yet: all gone. A removal would slow down what comes next.
  while ((await engine.labelled(`io.boilerhouse.pool=${poolId}`)).length > poolSize) {
    signal.throwIfAborted()
    await Bun.sleep(50)
  }
  return likeness
}

/** Epoch ms at which the last of a full pool's containers became warm. */
async function lastWarmAt({ client, poolId, signal }: BenchPool): Promise<number> {
  for (;;) {
    const page = (await (await client.call('GET', `/pools/${poolId}/containers?state=warm&limit=100`)).json()) as {
      readonly items: readonly { readonly warmAt: string }[]
    }
    if (page.items.length === poolSize) return Math.max(...page.items.map(({ warmAt }) => Date.parse(warmAt)))
    signal.throwIfAborted()
    await Bun.sleep(200)
  }
}

async function startMany({ engine }: BenchPool, watch: Stopwatch, likeness: CreateOptions, parallelism: number): Promise<void> {
  const made: string[] = []
  let left = poolSize
  const work = async () => {
    while (left-- > 0) made.push(await startByHand(engine, likeness))
  }
  await watch.time(byHand(parallelism), () => Promise.all(Array.from({ length: parallelism }, work)))
  for (const id of made) await engine.remove(id)
}

function resultOf(watch: Stopwatch): Result {
  const samplesMs = watch.samplesMs()
  const rows = Object.fromEntries(Object.entries(samplesMs).map(([name, samples]) => [name, summarise(samples)]))
  const perSecond = (name: string) => (poolSize * 1000) / (rows[name]?.p50Ms ?? Number.NaN)
  const rates = parallelisms.map((parallelism) => ({ parallelism, rate: perSecond(byHand(parallelism)) }))
  const best = rates.reduce((a, b) => (b.rate > a.rate ? b : a))
  const bar: Bar = {
    measure: `refill (maxFillConcurrency ${usual}) over the best by hand, containers a second`,
    value: perSecond(ours(usual)) / best.rate,
    limit: 0.9,
    unit: '',
    sense: 'at_least',
  }
  return {
    name: 'refill',
    method:
      `A pool of ${poolSize} \`running\` containers, \`maxSize\` ${size.maxSize}, \`maxFillConcurrency\` ${usual} as where nobody says otherwise, or twice that. All ${poolSize} are claimed at once, and the time runs until ${poolSize} others are warm: ` +
      `their probe has passed. Control: ${poolSize} containers by hand with the same image, limits, walls, network and published port (create, start, inspect, the same probe until it passes), so many ` +
      'at once; ours and each of them once a round, in a seeded order, when nothing is being removed. Rates are of the p50.',
    warmUp: 'One refill and one start of as many by hand, thrown away.',
    rows,
    facts: {
      ...Object.fromEntries(fillConcurrencies.map((n) => [`${ours(n)}, containers a second`, perSecond(ours(n)).toFixed(2)])),
      ...Object.fromEntries(
        rates.map(({ parallelism, rate }) => [`by hand, ${parallelism} at once, containers a second`, rate.toFixed(2)]),
      ),
      'the best by hand, at once': best.parallelism,
    },
    bars: [bar],
    samplesMs,
  }
}
