import { webServer } from './bench-image.ts'
import { poolSize, withBenchPool, type BenchPool } from './bench-pool.ts'
import type { BenchContext, Benchmark } from './benchmark.ts'
import { addressOf, likenessOf, type CreateOptions } from './by-hand.ts'
import { startedCadence, untilAnswers } from './first-answer.ts'
import { createRandom, shuffled } from './random.ts'
import type { Result } from './report.ts'
import { summarise } from './statistics.ts'
import { createStopwatch, type Stopwatch } from './stopwatch.ts'

const rounds = 10
/** Of each round: claims that are answered once started, as many once healthy, and starts by hand. */
const each = poolSize / 2

/** The claim's values in the environment: what warmth `parked` is for. */
const parked = {
  warmth: 'parked',
  environment: { TENANT: '${tenantId}', GREETING: '${config.greeting}', TOKEN: '${secret:TOKEN}' },
}

export const parkedBench: Benchmark = {
  name: 'parked',
  summary: 'claims of parked containers on Docker, beside the same program started by hand in a container that is up',
  run: (context) => withBenchPool(context.note, (pool) => measure(pool, context), { workload: parked }),
}

async function measure(pool: BenchPool, { seed, scale, note }: BenchContext): Promise<Result> {
  const watch = createStopwatch()
  const random = createRandom(seed)
  const count = Math.max(1, Math.round(rounds * scale))
  for (let round = 0; round <= count; round++) {
    await runRound(pool, { round, watch, random })
    if (round === 0) watch.reset()
    note(`round ${round} of ${count}${round === 0 ? ' (warm-up)' : ''}`)
  }
  return resultOf(watch)
}

interface Round {
  readonly round: number
  readonly watch: Stopwatch
  readonly random: () => number
}

/** Claims the whole pool, one claim after another; then as many starts by hand; then gives it all back. */
async function runRound(pool: BenchPool, { round, watch, random }: Round): Promise<void> {
  const { client, engine, poolId } = pool
  const wanted = Array.from({ length: poolSize }, (_, i) => ({
    tenantId: `parked-${round}-${i}`,
    ready: i < each ? ('started' as const) : ('healthy' as const),
  }))
  let oneOfThem = ''
  for (const { tenantId, ready } of shuffled(wanted, random)) {
    const claimed = await client.claim(tenantId, poolId, { ready })
    if (claimed.source !== 'pool') throw new Error(`A claim of a full pool was served from ${claimed.source}`)
    oneOfThem = claimed.containerId
    const { bind = Number.NaN, deliver = Number.NaN, probe } = claimed.serverMs
    watch.add(`claim, ready ${ready}, HTTP client`, claimed.clientMs)
    watch.add('bind to entrypoint exec’d', bind + deliver)
    watch.add('  of it bind', bind)
    watch.add('  of it deliver', deliver)
    if (probe !== undefined) watch.add('  then probe', probe)
  }
  const likeness = await likenessOf(engine, oneOfThem, ['/bin/busybox', 'sleep', '86400'])
  for (let i = 0; i < each; i++) await startInside(pool, watch, likeness)
  await Promise.all(wanted.map(({ tenantId }) => client.release(tenantId, poolId)))
  await pool.fill()
}

/** The container is up before, as a parked one is: only the program's start counts. */
async function startInside({ engine }: BenchPool, watch: Stopwatch, likeness: CreateOptions): Promise<void> {
  const id = await engine.createFrom(likeness)
  try {
    await engine.start(id)
    const address = await addressOf(engine, id)
    await watch.time(byHand, async () => {
      await watch.time('control: engine exec alone', () => engine.exec(id, webServer))
      await untilAnswers(address, startedCadence)
    })
  } finally {
    await engine.remove(id)
  }
}

const byHand = 'control: started by hand, to its first passed probe'

function resultOf(watch: Stopwatch): Result {
  const samplesMs = watch.samplesMs()
  const rows = Object.fromEntries(Object.entries(samplesMs).map(([name, samples]) => [name, summarise(samples)]))
  const of = (name: string) => rows[name] ?? summarise([Number.NaN])
  const execed = of('bind to entrypoint exec’d')
  const ratio = of('claim, ready healthy, HTTP client').p50Ms / of(byHand).p50Ms
  return {
    name: 'parked',
    method:
      `A pool of ${poolSize} \`parked\` containers whose program is a small web server with three variables of the claim in its environment, on the real engine, behind the ` +
      'whole program in its own process. One caller claims all of it, half with `ready: started` and half with `ready: healthy`, in a seeded order. "Bind to ' +
      'entrypoint exec’d" is `bind` + `deliver` of `Server-Timing`: from the bind’s beginning until the waiting script said that it execs the program next. Control, ' +
      'in the same round: the same program in a container with the same limits and network that is up, started with the engine’s exec, and asked by the same probe at the ' +
      'same pace (at once, after 10 ms, 20, 40 and so on) until it passes.',
    warmUp: `One round of ${poolSize} claims and ${each} starts by hand, thrown away.`,
    rows,
    control: byHand,
    facts: {},
    bars: [
      { measure: 'bind to entrypoint exec’d, p50', value: execed.p50Ms, limit: 5, unit: 'ms' },
      { measure: 'bind to entrypoint exec’d, p99', value: execed.p99Ms, limit: 20, unit: 'ms' },
      { measure: 'claim with ready: healthy over the same started by hand, p50', value: ratio, limit: 1.1, unit: '' },
    ],
    samplesMs,
  }
}
