import { createBenchClient, type BenchClient } from './bench-client.ts'
import type { BenchContext, Benchmark } from './benchmark.ts'
import { crudCalls, poolBody, workloadBody, type CrudCall, type StandingObjects } from './crud-calls.ts'
import { openDiskControl } from './disk-control.ts'
import { fillFakePools } from './fake-pools.ts'
import { getHealth } from './health-control.ts'
import { openLoop, poissonArrivals } from './open-loop.ts'
import { createRandom } from './random.ts'
import type { Result } from './report.ts'
import { startServer, type ServerProcess } from './server-process.ts'
import { summarise } from './statistics.ts'
import { createStopwatch } from './stopwatch.ts'
import { cpuShares, usedCpu } from './used-cpu.ts'

const perSecond = 500
/** Of the control, beside those. */
const controlsPerSecond = 50
const seconds = 30
const warmUpSeconds = 3
const warm = 200
const bound = 100
const standingObjects = 100
const controlName = 'control: GET /health'

export const crudBench: Benchmark = {
  name: 'crud',
  summary: `${perSecond} requests a second that read and change workloads, pools, containers, tenants, fake runtime`,
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
  const calls = crudCalls(client, await furnish(client, note))
  const control = { name: controlName, share: (100 * controlsPerSecond) / perSecond, send: () => getHealth(server) }
  const watch = createStopwatch()
  const play = async (forSeconds: number) => {
    const count = Math.max(1, Math.round((perSecond + controlsPerSecond) * forSeconds))
    const chosen = Array.from({ length: count }, () => choose([...calls, control], random))
    const arrivals = poissonArrivals(random, perSecond + controlsPerSecond, count)
    const { latenciesMs, lateMs, mostAtOnce } = await openLoop(arrivals, async (i) => chosen[i]?.send())
    for (const [i, ms] of latenciesMs.entries()) {
      const name = chosen[i]?.name ?? ''
      if (name !== controlName) watch.add('all requests', ms)
      watch.add(name === controlName ? name : `  of it ${name}`, ms)
      watch.add('  of each before the call began', lateMs[i] ?? Number.NaN)
    }
    return mostAtOnce
  }
  await play(warmUpSeconds)
  watch.reset()
  note('warm')
  const before = await usedCpu(server)
  const began = performance.now()
  const mostAtOnce = await play(seconds * scale)
  const shares = cpuShares(before, await usedCpu(server), performance.now() - began)
  const disk = openDiskControl(server.dataDir)
  for (let i = 0; i < 200; i++) await watch.time('control: fdatasync of 8 KiB', async () => disk.write())
  disk.close()
  return resultOf(watch.samplesMs(), { ...shares, 'most requests at once': mostAtOnce })
}

function resultOf(samplesMs: Result['samplesMs'], facts: Result['facts']): Result {
  // By name: in the order in which chance first drew them nobody would find one.
  const byName = Object.entries(samplesMs).toSorted(([a], [b]) => (a.trim() < b.trim() ? -1 : 1))
  const rows = Object.fromEntries(byName.map(([name, samples]) => [name, summarise(samples)]))
  return {
    name: 'crud',
    method:
      `${perSecond} requests a second arrive by a seeded Poisson process, whether or not those before were answered; latency counts from the moment a request was ` +
      'to arrive (no coordinated omission). Of 100, 64 are reads (get and list of workloads, pools, containers, tenants, 8 each; lists with ' +
      'their default of 50) and 36 are durable writes (create, update, delete of workloads and pools, 6 each). API, claims and controllers in one process on the ' +
      `embedded Postgres (fsync on), on the runtime in memory, with ${warm} warm and ${bound} claimed containers and ${standingObjects} more workloads and pools; ` +
      `the load generator on the same cores. Control: ${controlsPerSecond} a second more of GET /health among them, whose answer is kept.`,
    warmUp: `${warmUpSeconds} s of the same, thrown away.`,
    rows,
    control: controlName,
    facts,
    bars: [
      {
        measure: `request at ${perSecond} a second, p99`,
        value: rows['all requests']?.p99Ms ?? Number.NaN,
        limit: 10,
        unit: 'ms',
      },
    ],
    samplesMs,
  }
}

async function furnish(client: BenchClient, note: (line: string) => void): Promise<StandingObjects> {
  const [poolId = ''] = await fillFakePools(client, { count: 1, size: warm + bound, note })
  const tenantIds = Array.from({ length: bound }, (_, i) => `tenant-${i}`)
  const containerIds: string[] = []
  for (const tenantId of tenantIds) containerIds.push((await client.claim(tenantId, poolId)).containerId)
  const ids = Array.from({ length: standingObjects }, (_, i) => `standing-${i}`)
  for (const [n, id] of ids.entries()) {
    await client.create('workloads', { id, ...workloadBody(n) })
    await client.create('pools', { id, ...poolBody('fake', n) })
  }
  note(`${bound} claimed, ${ids.length} more workloads and pools`)
  return { workloadId: 'fake', poolIds: ids, workloadIds: ids, containerIds, tenantIds }
}

function choose(calls: readonly CrudCall[], random: () => number): CrudCall | undefined {
  let left = random() * calls.reduce((sum, { share }) => sum + share, 0)
  return calls.find(({ share }) => (left -= share) < 0)
}
