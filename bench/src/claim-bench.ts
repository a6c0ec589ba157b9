import { benchImage, webServer } from './bench-image.ts'
import { poolSize, withBenchPool, type BenchPool } from './bench-pool.ts'
import type { BenchContext, Benchmark } from './benchmark.ts'
import type { Claimed } from './bench-client.ts'
import { openDiskControl, type DiskControl } from './disk-control.ts'
import { createRandom, shuffled } from './random.ts'
import type { Result } from './report.ts'
import { summarise } from './statistics.ts'
import { createStopwatch, type Stopwatch } from './stopwatch.ts'

const rounds = 16
/** Containers that are made, started and removed by hand in each round. */
const lives = 4

export const claimBench: Benchmark = {
  name: 'claim',
  summary: 'one warm claim after another on Docker, beside the raw calls of the engine',
  run: (context) => withBenchPool(context.note, (pool) => measure(pool, context)),
}

async function measure(pool: BenchPool, { seed, scale, note }: BenchContext): Promise<Result> {
  const watch = createStopwatch()
  const phases = createStopwatch()
  const random = createRandom(seed)
  const disk = openDiskControl(pool.server.dataDir)
  const count = Math.max(1, Math.round(rounds * scale))
  try {
    for (let round = 0; round <= count; round++) {
      await claimAll(pool, { round, watch, phases, random, disk })
      if (round === 0) for (const each of [watch, phases]) each.reset()
      note(`round ${round} of ${count}${round === 0 ? ' (warm-up)' : ''}`)
    }
  } finally {
    disk.close()
  }
  return resultOf(watch, phases, pool)
}

interface Round {
  readonly round: number
  readonly watch: Stopwatch
  readonly phases: Stopwatch
  readonly random: () => number
  readonly disk: DiskControl
}

/** Claims the whole pool, one claim after another, then makes each control as often; then gives it all back. */
async function claimAll(pool: BenchPool, { round, watch, phases, random, disk }: Round): Promise<void> {
  const { client, poolId } = pool
  const tenants = Array.from({ length: poolSize }, (_, i) => `tenant-${round}-${i}`)
  const claimed: Claimed[] = []
  for (const tenantId of tenants) claimed.push(await client.claim(tenantId, poolId))
  for (const { source, serverMs, clientMs } of claimed) {
    if (source !== 'pool') throw new Error(`A claim of a full pool was served from ${source}`)
    const { total = Number.NaN, ...parts } = serverMs
    watch.add('claim, in the server', total)
    watch.add('claim, HTTP client', clientMs)
    for (const [name, ms] of Object.entries(parts)) phases.add(`  of it ${name}`, ms)
  }
  for (const control of shuffled(controlsOf(pool, watch, disk, claimed), random)) await control()
  await Promise.all(tenants.map((tenantId) => client.release(tenantId, poolId)))
  await pool.fill()
}

/** As many of the disk and of the engine as there were claims, and a few whole lives. */
function controlsOf(
  pool: BenchPool,
  watch: Stopwatch,
  disk: DiskControl,
  claimed: readonly Claimed[],
): readonly (() => Promise<void>)[] {
  const { engine } = pool
  return claimed.flatMap(({ containerId }, i) => [
    () => watch.time('control: fdatasync of 8 KiB', async () => disk.write()),
    async () => {
      const [known = ''] = await engine.labelled(`io.boilerhouse.container=${containerId}`)
      await watch.time('control: engine inspect', () => engine.inspect(known))
    },
    ...(i < lives ? [() => rawLifecycle(pool, watch)] : []),
  ])
}

async function rawLifecycle({ engine }: BenchPool, watch: Stopwatch): Promise<void> {
  const id = await watch.time('control: engine create', () => engine.create(benchImage, webServer))
  await watch.time('control: engine start', () => engine.start(id))
  await watch.time('control: engine remove', () => engine.remove(id))
}

function resultOf(watch: Stopwatch, phases: Stopwatch, { server }: BenchPool): Result {
  const samplesMs = { ...watch.samplesMs(), ...phases.samplesMs() }
  const rows = Object.fromEntries(Object.entries(samplesMs).map(([name, samples]) => [name, summarise(samples)]))
  const of = (name: string) => rows[name] ?? summarise([Number.NaN])
  const inServer = of('claim, in the server')
  const atClient = of('claim, HTTP client')
  const bar = (measure: string, value: number, limit: number) => ({ measure, value, limit, unit: 'ms' }) as const
  return {
    name: 'claim',
    method:
      `A pool of ${poolSize} \`running\` containers with an HTTP health check every 5 s, on the real engine, behind the whole program in its own process ` +
      'with the embedded Postgres. The bench process claims all of it, one claim after another (closed loop, one caller, keep-alive ' +
      'on loopback, config and one secret delivered); then the controls of the round are made, in a seeded order; then it gives all back and waits ' +
      'until the pool is full again. "In the server" is `Server-Timing: total`, from the last byte of the request read to the answer handed over.',
    warmUp: `One round of ${poolSize} claims, thrown away.`,
    rows,
    control: 'control: engine inspect',
    facts: {
      'engine inspect over claim in the server, p50': ratio(of('control: engine inspect').p50Ms, inServer.p50Ms),
      server: server.url,
    },
    bars: [
      bar('warm claim in the server, p50', inServer.p50Ms, 1),
      bar('warm claim in the server, p99', inServer.p99Ms, 5),
      bar('warm claim, HTTP client, p50', atClient.p50Ms, 2),
      bar('warm claim, HTTP client, p99', atClient.p99Ms, 10),
    ],
    samplesMs,
  }
}

const ratio = (a: number, b: number): string => (a / b).toFixed(2)
