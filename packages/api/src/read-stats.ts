import type { PoolRecord } from '@boilerhouse/resources'
import type { Page, PageQuery } from '@boilerhouse/store'

import type { RouteDeps } from './deps.ts'
import type { Stats } from './views.ts'

export async function readStats({ store, clock, hitRates, streams, queueDepths, startedAtMs }: RouteDeps): Promise<Stats> {
  const [counts, claims, workloads, pools] = await Promise.all([
    store.containers.counts(),
    store.claims.all(),
    countAll((page) => store.workloads.list(page)),
    allPools((page) => store.pools.list(page)),
  ])
  const containersByPool = Object.fromEntries([...counts].map(([poolId, states]) => [poolId, { ...states }]))
  return {
    uptimeMs: Math.round(clock.nowMs() - startedAtMs),
    workloads,
    pools: pools.length,
    containers: sumOf(Object.values(containersByPool)),
    containersByPool,
    claims: sumOf(claims.map(({ state }) => ({ [state]: 1 }))),
    hitRates: Object.fromEntries(pools.map(({ id }) => [id, hitRates.of(id)])),
    eventStreams: streams.size,
    queueDepths: { ...queueDepths?.() },
    memoryBytes: process.memoryUsage.rss(),
  }
}

function sumOf(parts: readonly Readonly<Record<string, number | undefined>>[]): Record<string, number> {
  const sum: Record<string, number> = {}
  for (const part of parts) for (const [state, count] of Object.entries(part)) sum[state] = (sum[state] ?? 0) + (count ?? 0)
  return sum
}

type ReadPage<Item> = (query: PageQuery) => Promise<Page<Item>>

const countAll = async <Item>(read: ReadPage<Item>): Promise<number> => (await readAll(read)).length
const allPools = (read: ReadPage<PoolRecord>): Promise<readonly PoolRecord[]> => readAll(read)

async function readAll<Item>(read: ReadPage<Item>): Promise<readonly Item[]> {
  const items: Item[] = []
  let cursor: string | undefined
  do {
    const page = await read({ limit: 500, ...(cursor !== undefined && { cursor }) })
    items.push(...page.items)
    cursor = page.nextCursor
  } while (cursor !== undefined)
  return items
}
