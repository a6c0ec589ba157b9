import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'

import { createBenchClient, type BenchClient } from './bench-client.ts'
import type { BenchContext, Benchmark } from './benchmark.ts'
import { memoryFileName, type HouseMemory } from './fake-memory.ts'
import { fillFakePools } from './fake-pools.ts'
import type { Result } from './report.ts'
import { startServer, type ServerProcess } from './server-process.ts'
import { summarise } from './statistics.ts'

const containers = 1000
const marks = [20_000, 60_000, 100_000]
const callers = 8
/** Of quiet before memory is read: what is under way ends, what is kept for a moment goes. */
const restMs = 5000

interface Mark {
  readonly claims: number
  readonly memory: HouseMemory
  /** Of the claims since the mark before. */
  readonly claimMs: readonly number[]
}

export const memoryBench: Benchmark = {
  name: 'memory',
  summary: `memory of the server with ${containers} fake containers, and after ${marks.join(', ')} claims`,
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
  const idleMb = await residentMb(server.pid)
  const [poolId = ''] = await fillFakePools(client, { count: 1, size: containers, note })
  await Bun.sleep(restMs)
  const fullMb = await residentMb(server.pid)
  const collected = await collect(server)
  const found: Mark[] = []
  for (const [i, mark] of marks.entries()) {
    const claims = Math.max(i + 1, Math.round(mark * scale))
    const claimMs = await claimAndRelease(client, poolId, { from: found.at(-1)?.claims ?? 0, to: claims })
    await client.untilWarm(poolId, containers)
    await Bun.sleep(restMs)
    const memory = await collect(server)
    found.push({ claims, memory, claimMs })
    note(`${claims} claims: ${megabytes(memory.residentBytes)} MB resident, ${megabytes(memory.heapBytes)} MB of it in the heap`)
  }
  return resultOf(found, { idleMb, fullMb, collected, peakMb: await statusMb(server.pid, 'VmHWM') })
}

interface Readings {
  readonly idleMb: number
  readonly fullMb: number
  readonly peakMb: number
  readonly collected: HouseMemory
}

function resultOf(found: readonly Mark[], { idleMb, fullMb, peakMb, collected }: Readings): Result {
  const resident = (mark: Mark | undefined) => mark?.memory.residentBytes ?? Number.NaN
  const grownMb = megabytes(resident(found.at(-1)) - resident(found[0]))
  const told = (what: string, { residentBytes, heapBytes }: HouseMemory) => [
    [`${what}, after a forced collection, MB`, megabytes(residentBytes)],
    [`${what}, heap, MB`, megabytes(heapBytes)],
  ]
  return {
    name: 'memory',
    method:
      `Resident memory (VmRSS) of the server's process: API, claims, controllers and the runtime in memory with what it holds for ${containers} containers; ` +
      'Postgres has processes of its own, and is not counted. First as it is, with a full pool and nothing to do; then ' +
      `after claims and releases by ${callers} callers, each claim for another tenant and each container replaced: the pool is full again, ${restMs / 1000} s ` +
      'have passed, and a full collection was forced. Control: the same process before its first container.',
    warmUp: 'None: the first mark is what the last is held against.',
    rows: Object.fromEntries(
      found.map(({ claims, claimMs }, i) => [
        `claim ${(found[i - 1]?.claims ?? 0) + 1} to ${claims}, HTTP client`,
        summarise(claimMs),
      ]),
    ),
    facts: {
      'before the first container, MB': idleMb,
      [`with ${containers} containers, MB`]: fullMb,
      ...Object.fromEntries([
        ...told('full pool', collected),
        ...found.flatMap(({ claims, memory }) => told(`${claims} claims`, memory)),
      ]),
      'most of the whole run, MB': peakMb,
    },
    bars: [
      { measure: `server memory with ${containers} fake containers`, value: fullMb, limit: 250, unit: 'MB' },
      {
        measure: `memory after ${found.at(-1)?.claims} claims less that after ${found[0]?.claims}`,
        value: grownMb,
        limit: 10,
        unit: 'MB',
      },
    ],
    samplesMs: {}, // 100,000 times of no bar would say nothing that the rows do not
  }
}

/** Each claim is for a tenant that was never there before; it is released at once. */
async function claimAndRelease(
  client: BenchClient,
  poolId: string,
  { from, to }: { from: number; to: number },
): Promise<number[]> {
  const claimMs: number[] = []
  let next = from
  const caller = async () => {
    for (let claim = next++; claim < to; claim = next++) {
      const tenantId = `tenant-${claim}`
      claimMs.push((await client.claim(tenantId, poolId)).clientMs)
      await client.release(tenantId, poolId)
    }
  }
  await Promise.all(Array.from({ length: callers }, caller))
  return claimMs
}

async function collect({ dataDir, pid }: ServerProcess): Promise<HouseMemory> {
  const path = join(dataDir, memoryFileName)
  await rm(path, { force: true })
  process.kill(pid, 'SIGUSR2')
  for (let waitedMs = 0; waitedMs < 30_000; waitedMs += 50) {
    if (await Bun.file(path).exists()) return (await Bun.file(path).json()) as HouseMemory
    await Bun.sleep(50)
  }
  throw new Error('The server did not tell its memory')
}

const residentMb = (pid: number): Promise<number> => statusMb(pid, 'VmRSS')

async function statusMb(pid: number, field: string): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  const [, kilobytes] = new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(status) ?? []
  return megabytes(Number(kilobytes) * 1024)
}

/** Of 2^20 bytes, with one digit. */
const megabytes = (bytes: number): number => Math.round((bytes / 1_048_576) * 10) / 10
