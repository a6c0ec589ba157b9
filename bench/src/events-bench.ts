import { openAudience, type Audience } from './audience.ts'
import { createBenchClient, type BenchClient } from './bench-client.ts'
import type { BenchContext, Benchmark } from './benchmark.ts'
import { fillFakePools } from './fake-pools.ts'
import { createRandom, shuffled } from './random.ts'
import type { Result } from './report.ts'
import { startServer, type ServerProcess } from './server-process.ts'
import { summarise } from './statistics.ts'
import { createStopwatch, type Stopwatch } from './stopwatch.ts'

const subscribers = 100
const rounds = 10
const writesPerRound = 20
const claimsPerRound = 40
/** In a row, and with pauses. */
const claimsOfRound = claimsPerRound + writesPerRound
/** Between two writes that are no claims, drawn evenly. */
const pauseMs = { least: 10, most: 40 }

const names = {
  change: 'change of a pool',
  claim: 'claims in a row',
  spacedClaim: 'claims with pauses',
  control: 'control: bare fan-out',
} as const

/** One way to make something happen that all subscribers hear of. */
interface Source {
  readonly name: string
  readonly audience: Audience
  /** In the message of each. */
  readonly marker: string
  readonly count: number
  readonly hasPauses: boolean
  /** Resolves with the answer; what it tells is in the message too. */
  write(): Promise<string>
}

export const eventsBench: Benchmark = {
  name: 'events',
  summary: `from a write to ${subscribers} WebSocket clients, fake runtime`,
  async run(context) {
    const house = await startServer(['bench/src/fake-house.ts'])
    try {
      const bare = await startServer(['bench/src/bare-fan-out.ts'])
      try {
        return await measure(house, bare, context)
      } finally {
        await bare.stop()
      }
    } finally {
      await house.stop()
    }
  },
}

async function measure(house: ServerProcess, bare: ServerProcess, { seed, scale, note }: BenchContext): Promise<Result> {
  const client = createBenchClient(house)
  const random = createRandom(seed)
  const watch = createStopwatch()
  const count = Math.max(1, Math.round(rounds * scale))
  const [changed = '', ...pools] = await fillFakePools(client, {
    count: 1 + Math.ceil(((count + 1) * claimsOfRound) / 1000),
    size: Math.min(1000, (count + 1) * claimsOfRound),
    note,
  })
  const audiences = [
    await openAudience(`${house.url}/ws`, house.key, subscribers),
    await openAudience(bare.url, bare.key, subscribers),
  ] as const
  const sources = [changes(client, audiences[0], changed), ...claims(client, audiences[0], pools), fanOuts(bare, audiences[1])]
  for (let round = 0; round <= count; round++) {
    for (const source of shuffled(sources, random)) await play(source, { random, watch })
    if (round === 0) watch.reset()
    note(`round ${round} of ${count}${round === 0 ? ' (warm-up)' : ''}`)
  }
  for (const audience of audiences) audience.close()
  return resultOf(watch.samplesMs(), count)
}

/** The writes of a round, one after the other; then waits until everybody has heard of all. */
async function play(
  { name, audience, marker, count, hasPauses, write }: Source,
  { random, watch }: { readonly random: () => number; readonly watch: Stopwatch },
): Promise<void> {
  const writes: { readonly beganMs: number; readonly answeredMs: number; readonly told: string }[] = []
  audience.listenFor(marker)
  for (let i = 0; i < count; i++) {
    const beganMs = performance.now()
    const told = await write()
    writes.push({ beganMs, answeredMs: performance.now(), told })
    if (hasPauses) await Bun.sleep(pauseMs.least + random() * (pauseMs.most - pauseMs.least))
  }
  const heardMs = await audience.heard(count)
  const messages = audience.messages()
  for (const [i, { beganMs, answeredMs, told }] of writes.entries()) {
    if (!messages[i]?.includes(told)) throw new Error(`Message ${i} does not tell of ${told}: ${messages[i]}`)
    const ofAll = heardMs.map((ofOne) => ofOne[i] ?? Number.NaN)
    for (const atMs of ofAll) watch.add(`${name}, request to receipt`, atMs - beganMs)
    watch.add(`  request to the last of ${subscribers}, ${name}`, Math.max(...ofAll) - beganMs)
    watch.add(`  request to its answer, ${name}`, answeredMs - beganMs)
  }
}

function changes(client: BenchClient, audience: Audience, poolId: string): Source {
  let next = 0
  const current = async () => (await (await client.call('GET', `/pools/${poolId}`)).json()) as Record<string, unknown>
  let spec: object | undefined
  return {
    name: names.change,
    audience,
    marker: '"type":"pool.updated"',
    count: writesPerRound,
    hasPauses: true,
    async write() {
      spec ??= specOf(await current())
      const response = await client.call('PUT', `/pools/${poolId}`, { ...spec, name: `Change ${next++}` })
      await response.text()
      return response.headers.get('x-correlation-id') ?? 'a correlation id'
    },
  }
}

/** What of a pool may be put. */
const specOf = ({ workloadId, minSize, maxSize, maxFillConcurrency }: Record<string, unknown>): object => ({
  workloadId,
  minSize,
  maxSize,
  maxFillConcurrency,
})

/** In a row, and with pauses: the reader of the event log waits for the first, not for the others. */
function claims(client: BenchClient, audience: Audience, poolIds: readonly string[]): readonly Source[] {
  let next = 0
  const write = async () => {
    const claim = next++
    const { containerId, source } = await client.claim(`tenant-${claim}`, poolIds[claim % poolIds.length] ?? '')
    if (source !== 'pool') throw new Error(`A claim of a pool that was not empty was served from ${source}`)
    return containerId
  }
  const shared = { audience, marker: '"type":"container.claimed"', write }
  return [
    { ...shared, name: names.claim, count: claimsPerRound, hasPauses: false },
    { ...shared, name: names.spacedClaim, count: writesPerRound, hasPauses: true },
  ]
}

function fanOuts(bare: ServerProcess, audience: Audience): Source {
  let next = 0
  return {
    name: names.control,
    audience,
    marker: '"kind":"event"',
    count: writesPerRound,
    hasPauses: true,
    async write() {
      const told = `"n":${next++},`
      // About as long as an event.
      const response = await fetch(bare.url, { method: 'POST', body: `{"kind":"event",${told}"data":"${'.'.repeat(500)}"}` })
      await response.text()
      return told
    },
  }
}

function resultOf(samplesMs: Result['samplesMs'], count: number): Result {
  const rows = Object.fromEntries(Object.entries(samplesMs).map(([name, samples]) => [name, summarise(samples)]))
  const bar = (name: string) => {
    const value = rows[`${name}, request to receipt`]?.p99Ms ?? Number.NaN
    return { measure: `event to ${subscribers} WebSocket clients, ${name}, p99`, value, limit: 20, unit: 'ms' } as const
  }
  return {
    name: 'events',
    method:
      `${subscribers} WebSocket clients in the load generator's process follow all events of a server in its own process: embedded Postgres (fsync on), runtime in memory. ` +
      'Measured is from just before the request that writes is sent until a client is handed the message, for every client: ' +
      'the commit lies somewhere between the request and its answer, so this is more than commit to client. Three kinds of write: changes of a pool, and claims by one caller, both with ' +
      `${pauseMs.least} to ${pauseMs.most} ms between an answer and the next; and claims by one caller in a row without a pause, which the reader of the event log lets go first. Control: a ` +
      'bare server in a process of its own that sends what it is posted to 100 sockets and then answers. The four take turns in a seeded order.',
    warmUp: 'One round, thrown away.',
    rows,
    control: `${names.control}, request to receipt`,
    facts: {
      rounds: count,
      'writes a round': `${claimsPerRound} claims in a row, ${writesPerRound} of each other kind`,
    },
    bars: [bar(names.change), bar(names.spacedClaim), bar(names.claim)],
    samplesMs,
  }
}
