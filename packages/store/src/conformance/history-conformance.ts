import { systemClock, type ContainerId } from '@boilerhouse/base'
import { containerStates, isLiveClaim } from '@boilerhouse/resources'
import { describe, expect, test } from 'bun:test'
import * as fc from 'fast-check'

import { createMemoryStore } from '../memory/memory-store.ts'
import type { Store } from '../store.ts'
import { openRun, planOf, randomHistory, type Plan } from './random-writes.ts'
import { mark, poolId, tenantId, writtenSince } from './seed.ts'
import type { StoreUnderTest } from './store-under-test.ts'

const successes: readonly string[] = ['ok', 'bound']

/** Times and counters of writes differ between stores; nothing else may. */
const timeless = (value: unknown): unknown =>
  JSON.parse(
    JSON.stringify(value, (key, inner: unknown) =>
      /(At|revision)$/.test(key) && typeof inner === 'number' ? undefined : inner,
    ) ?? 'null',
  )

async function picture(store: Store, { pools, tenants }: Plan): Promise<unknown> {
  const ofPools = pools.map(async (pool) => ({
    pool: await store.pools.get(poolId(pool)),
    counts: (await store.containers.counts(poolId(pool))).get(poolId(pool)),
    containers: (await store.containers.list({ limit: 1000, poolId: poolId(pool), states: containerStates })).items,
    warm: (await store.containers.warmIds(poolId(pool), 100)).toSorted(),
    claims: (await store.claims.list({ limit: 1000, poolId: poolId(pool) })).items,
    live: (await store.claims.all({ poolId: poolId(pool) })).map((claim) => claim.id).toSorted(),
  }))
  const ofTenants = tenants.map(async (tenant) =>
    (await store.claims.liveOf(tenantId(tenant))).map((claim) => claim.id).toSorted(),
  )
  return timeless([await Promise.all(ofPools), await Promise.all(ofTenants)])
}

export function historyConformance(at: StoreUnderTest): void {
  describe('random histories', () => {
    test('every write of a history has the outcome, and leaves the rows and events, that the in-memory store says', async () => {
      let runs = 0
      await fc.assert(
        fc.asyncProperty(randomHistory, async (history) => {
          const plan = planOf(`r${runs++}`, history)
          const model = createMemoryStore({ clock: systemClock })
          const [run, runModel] = [await openRun(at.store, plan), await openRun(model, plan)]
          const [cursor, modelCursor] = [await mark(at.store), await mark(model)]
          for (const index of history.keys()) {
            const [step, expected] = [await run(index), await runModel(index)]
            expect({ index, ...plan.steps[index]?.write, step: timeless(step) }).toEqual({
              index,
              ...plan.steps[index]?.write,
              step: timeless(expected),
            })
          }
          expect(await picture(at.store, plan)).toEqual(await picture(model, plan))
          const told = async (store: Store, from: string) =>
            (await writtenSince(store, from)).map(({ type, subject }) => `${type} ${subject}`)
          expect(await told(at.store, cursor)).toEqual(await told(model, modelCursor))
        }),
        { numRuns: 12 },
      )
    }, 60_000)

    test('a history run eight at a time by two processes leaves one owner a container, one live claim a (tenant, pool), one event a write', async () => {
      let runs = 0
      const peer = await at.connect()
      await fc.assert(
        fc.asyncProperty(randomHistory, async (history) => {
          const plan = planOf(`c${runs++}`, history)
          const run = await openRun(at.store, plan)
          const cursor = await mark(at.store)
          const outcomes: string[] = []
          for (let from = 0; from < history.length; from += 8) {
            const chunk = [...history.keys()].slice(from, from + 8)
            const steps = await Promise.all(chunk.map((index) => run(index, index % 2 ? peer : at.store)))
            outcomes.push(...steps.map((step) => step.outcome))
          }
          const told = (await writtenSince(at.store, cursor)).map(({ subject }) => subject)
          const written = [...history.keys()].filter((index) => successes.includes(outcomes[index] ?? ''))
          expect(told.toSorted()).toEqual(written.map((index) => `write/${index}`).toSorted())
          for (const pool of plan.pools) await expectSound(at.store, pool)
        }),
        { numRuns: 12 },
      )
    }, 60_000)
  })
}

async function expectSound(store: Store, pool: string): Promise<void> {
  const claims = await store.claims.all({ poolId: poolId(pool) })
  const containers = await store.containers.all({ poolId: poolId(pool) })
  expect(containers.length).toBeLessThanOrEqual(5)
  expect(claims.every((claim) => isLiveClaim(claim.state))).toBe(true)
  expect(new Set(claims.map((claim) => claim.tenantId)).size).toBe(claims.length)
  const owned = claims.flatMap((claim): ContainerId[] => (claim.containerId ? [claim.containerId] : []))
  expect(new Set(owned).size).toBe(owned.length)
  for (const container of containers) {
    if (container.state === 'bound') expect(container.claimId).toBeDefined()
    if (container.state === 'warm' || container.state === 'starting')
      expect(claims.find((claim) => claim.containerId === container.id)).toBeUndefined()
  }
  const counted = (await store.containers.counts(poolId(pool))).get(poolId(pool)) ?? {}
  for (const state of containerStates)
    if (state !== 'gone') expect(counted[state] ?? 0).toBe(containers.filter((container) => container.state === state).length)
}
