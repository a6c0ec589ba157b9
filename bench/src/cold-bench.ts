import { webServer } from './bench-image.ts'
import { withBenchPool, type BenchPool } from './bench-pool.ts'
import type { BenchContext, Benchmark } from './benchmark.ts'
import { likenessOf, startByHand, type CreateOptions } from './by-hand.ts'
import { createRandom, shuffled } from './random.ts'
import type { Result } from './report.ts'
import { summarise } from './statistics.ts'
import { createStopwatch, type Stopwatch } from './stopwatch.ts'

const pairs = 100
const warmUpPairs = 5
const size = { minSize: 0, maxSize: 20 }

export const coldBench: Benchmark = {
  name: 'cold',
  summary: 'claims of an empty pool on Docker, each beside a create and start by hand',
  run: (context) => withBenchPool(context.note, (pool) => measure(pool, context), { pool: size }),
}

async function measure(pool: BenchPool, { seed, scale, note }: BenchContext): Promise<Result> {
  const watch = createStopwatch()
  const phases = createStopwatch()
  const random = createRandom(seed)
  const count = Math.max(1, Math.round(pairs * scale))
  const { likeness } = await claimCold(pool, 'cold-first', phases)
  for (let pair = -warmUpPairs; pair < count; pair++) {
    if (pair === 0) for (const one of [watch, phases]) one.reset()
    const ours = async () => watch.add('cold claim, HTTP client', (await claimCold(pool, `cold-${pair}`, phases)).ms)
    const byHand = () => startOne(pool, watch, likeness)
    for (const one of shuffled([ours, byHand], random)) await one()
    if ((pair + 1) % 10 === 0) note(`pair ${pair + 1} of ${count}`)
  }
  return resultOf(watch, phases)
}

/** Claims, gives back, and waits until the engine has nothing of it any more: a removal would slow down what comes next. */
async function claimCold(
  { client, engine, poolId, signal }: BenchPool,
  tenantId: string,
  phases: Stopwatch,
): Promise<{ readonly ms: number; readonly likeness: CreateOptions }> {
  const { source, containerId, clientMs, serverMs } = await client.claim(tenantId, poolId)
  if (source !== 'cold') throw new Error(`A claim of an empty pool was served from ${source}`)
  for (const phase of ['wait', 'bind', 'deliver'])
    phases.add(`cold claim, in the server: ${phase}`, serverMs[phase] ?? Number.NaN)
  const likeness = await likenessOf(engine, containerId, webServer)
  await client.release(tenantId, poolId)
  while ((await engine.labelled(`io.boilerhouse.container=${containerId}`)).length > 0) {
    signal.throwIfAborted()
    await Bun.sleep(20)
  }
  return { ms: clientMs, likeness }
}

async function startOne({ engine }: BenchPool, watch: Stopwatch, likeness: CreateOptions): Promise<void> {
  const id = await watch.time('control: by hand, to its first passed probe', () => startByHand(engine, likeness))
  await engine.remove(id)
}

function resultOf(watch: Stopwatch, phases: Stopwatch): Result {
  const samplesMs = { ...watch.samplesMs(), ...phases.samplesMs() }
  const rows = Object.fromEntries(Object.entries(samplesMs).map(([name, samples]) => [name, summarise(samples)]))
  const of = (name: string) => rows[name] ?? summarise([Number.NaN])
  const claim = of('cold claim, HTTP client')
  const byHand = of('control: by hand, to its first passed probe')
  return {
    name: 'cold',
    method:
      'A pool of `running` containers with `minSize: 0`: every claim misses, starts a container and waits until its probe passes. Pairs: one such claim, and one container by ' +
      'hand with the same image, limits, walls, network and published port (the engine’s create, start and inspect, then the same HTTP probe at the pace of the product’s, ' +
      'until it passes), in a seeded order. What the one made is gone from the engine before the other begins. Our time is an HTTP client’s, with bind and delivery.',
    warmUp: `One claim and ${warmUpPairs} pairs, thrown away.`,
    rows,
    facts: {},
    bars: [
      { measure: 'cold claim over by hand, p50', value: claim.p50Ms / byHand.p50Ms, limit: 1.1, unit: '' },
      { measure: 'cold claim over by hand, p95', value: claim.p95Ms / byHand.p95Ms, limit: 1.2, unit: '' },
    ],
    samplesMs,
  }
}
