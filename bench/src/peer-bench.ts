import { engineSocket, poolSize, withBenchPool, type BenchPool } from './bench-pool.ts'
import type { BenchContext, Benchmark } from './benchmark.ts'
import { openPeerPool, type PeerClaim, type PeerPool } from './peer-pool.ts'
import { createRandom, shuffled } from './random.ts'
import type { Result } from './report.ts'
import { summarise } from './statistics.ts'
import { createStopwatch, type Stopwatch } from './stopwatch.ts'

const rounds = 10

export const peerBench: Benchmark = {
  name: 'peer',
  summary: `serial claims of a pool of ${poolSize}, beside one made of dockerode and generic-pool`,
  run: (context) => withBenchPool(context.note, (pool) => besidePeer(pool, context)),
}

async function besidePeer(pool: BenchPool, context: BenchContext): Promise<Result> {
  const peer = openPeerPool(engineSocket, poolSize)
  try {
    return await measure(pool, peer, context)
  } finally {
    await peer.close()
  }
}

async function measure(pool: BenchPool, peer: PeerPool, { seed, scale, note }: BenchContext): Promise<Result> {
  const watch = createStopwatch()
  const random = createRandom(seed)
  const count = Math.max(1, Math.round(rounds * scale))
  await peer.fill(pool.signal)
  for (let round = 0; round <= count; round++) {
    const tenants = Array.from({ length: poolSize }, (_, i) => `peer-${round}-${i}`)
    const taken: PeerClaim[] = []
    const both = [
      () => claimOurs(pool, tenants, watch),
      async () => void taken.push(...(await claimTheirs(peer, tenants, watch))),
    ]
    for (const one of shuffled(both, random)) await one()
    await Promise.all([
      ...tenants.map((tenantId) => pool.client.release(tenantId, pool.poolId)),
      ...taken.map((claim) => peer.release(claim)),
    ])
    await Promise.all([pool.fill(), peer.fill(pool.signal)])
    if (round === 0) watch.reset()
    note(`round ${round} of ${count}${round === 0 ? ' (warm-up)' : ''}`)
  }
  return resultOf(watch)
}

async function claimOurs({ client, poolId }: BenchPool, tenants: readonly string[], watch: Stopwatch): Promise<void> {
  for (const tenantId of tenants) {
    const { source, clientMs } = await client.claim(tenantId, poolId)
    if (source !== 'pool') throw new Error(`A claim of a full pool was served from ${source}`)
    watch.add(ours, clientMs)
  }
}

async function claimTheirs(peer: PeerPool, tenants: readonly string[], watch: Stopwatch): Promise<readonly PeerClaim[]> {
  const taken: PeerClaim[] = []
  for (const tenantId of tenants) taken.push(await watch.time(theirs, () => peer.claim(tenantId, values)))
  return taken
}

const ours = 'claim, HTTP client'
const theirs = 'peer: acquire, files, address, in the caller’s process'
/** As much as a claim of ours carries. */
const values = {
  config: { greeting: 'hi', theme: 'dark', limits: { files: 10, bytes: 1_000_000 } },
  secrets: { TOKEN: 's3cr3t-s3cr3t-s3cr3t' },
}

function resultOf(watch: Stopwatch): Result {
  const samplesMs = watch.samplesMs()
  const rows = Object.fromEntries(Object.entries(samplesMs).map(([name, samples]) => [name, summarise(samples)]))
  const ratio = (of: 'p50Ms' | 'p99Ms') => ((rows[theirs]?.[of] ?? Number.NaN) / (rows[ours]?.[of] ?? Number.NaN)).toFixed(2)
  return {
    name: 'peer',
    method:
      `Two pools of ${poolSize} containers of the same image and limits, both full. Ours is claimed by HTTP from another process, durably; the peer is a library in the caller’s own process: ` +
      'generic-pool over dockerode hands out a container, the files of the claim go in with one archive PUT, an inspect tells the address. Each is claimed empty, one claim after ' +
      'another, in a seeded order of the two; then all is given back and both are full again. The peer keeps nothing on disk, has no tenants, walls or health, and forgets ' +
      'everything with its process.',
    warmUp: `One round of ${poolSize} claims each, thrown away.`,
    rows,
    facts: { 'peer over ours, p50': ratio('p50Ms'), 'peer over ours, p99': ratio('p99Ms') },
    bars: [],
    samplesMs,
  }
}
