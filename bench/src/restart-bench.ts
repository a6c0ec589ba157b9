import { createBenchClient } from './bench-client.ts'
import { serverCommand, withBenchPool, type BenchPool } from './bench-pool.ts'
import type { BenchContext, Benchmark } from './benchmark.ts'
import type { Result } from './report.ts'
import { startServer } from './server-process.ts'
import { summarise } from './statistics.ts'
import { createStopwatch, type Stopwatch } from './stopwatch.ts'

const rounds = 10
const warm = 50

export const restartBench: Benchmark = {
  name: 'restart',
  summary: `kill -9 of the server with ${warm} warm containers: from the new process to its first warm claim`,
  run: (context) =>
    withBenchPool(context.note, (pool) => measure(pool, context), { pool: { minSize: warm, maxSize: warm + 10 } }),
}

async function measure(pool: BenchPool, { scale, note }: BenchContext): Promise<Result> {
  const watch = createStopwatch()
  const count = Math.max(1, Math.round(rounds * scale))
  for (let round = 0; round <= count; round++) {
    await watch.time(version, tellVersion)
    await killAndClaim(pool, `restart-${round}`, watch)
    if (round === 0) watch.reset()
    note(`round ${round} of ${count}${round === 0 ? ' (warm-up)' : ''}`)
  }
  return resultOf(watch)
}

const version = 'control: the program starts and tells its version'
const whole = 'process start to the first warm claim answered'

async function killAndClaim(pool: BenchPool, tenantId: string, watch: Stopwatch): Promise<void> {
  const { server: former, poolId, signal } = pool
  signal.throwIfAborted()
  await former.kill()
  const beganMs = performance.now()
  const server = await startServer(serverCommand, {}, former)
  pool.adopt(server)
  const listensMs = performance.now() - beganMs
  const { source, clientMs, serverMs } = await createBenchClient(server).claim(tenantId, poolId)
  watch.add(whole, performance.now() - beganMs)
  watch.add('  of it until it told its address', listensMs)
  watch.add('  of it the claim, HTTP client', clientMs)
  watch.add('    of it in the server', serverMs['total'] ?? Number.NaN)
  if (source !== 'pool') throw new Error(`The claim after a restart was served from ${source}`)
  await pool.client.release(tenantId, poolId)
  await pool.fill()
}

/** What starting this program costs before it does anything. */
async function tellVersion(): Promise<void> {
  const child = Bun.spawn([process.execPath, serverCommand[0], '--version'], { stdout: 'ignore', stderr: 'inherit', cwd: root })
  if ((await child.exited) !== 0) throw new Error('The program did not tell its version')
}

const root = `${import.meta.dirname}/../..`

function resultOf(watch: Stopwatch): Result {
  const samplesMs = watch.samplesMs()
  const rows = Object.fromEntries(Object.entries(samplesMs).map(([name, samples]) => [name, summarise(samples)]))
  return {
    name: 'restart',
    method:
      `A pool of ${warm} warm \`running\` containers. The server gets \`kill -9\`, its containers and its Postgres stay; at once it is started again on the same data directory, ` +
      'and the first claim is sent when it tells its address. The time runs from before the new process is made until the claim is answered, from the pool. Then the ' +
      'claim is given back and the pool is full again before the next round. Control: the same program started to tell its version.',
    warmUp: 'One round, thrown away.',
    rows,
    control: version,
    facts: {},
    bars: [{ measure: `${whole}, slowest`, value: rows[whole]?.maxMs ?? Number.NaN, limit: 1000, unit: 'ms' }],
    samplesMs,
  }
}
