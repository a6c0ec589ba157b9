import { expect, test } from 'bun:test'
import * as fc from 'fast-check'

import type { TenantId } from '@boilerhouse/base'

import { createWorld, type World } from '../world.ts'

const actArb = fc.oneof(
  fc.record({ act: fc.constant('claim' as const), count: fc.integer({ min: 1, max: 6 }) }),
  fc.record({ act: fc.constant('kill' as const), count: fc.integer({ min: 1, max: 4 }) }),
  fc.record({ act: fc.constant('advance' as const), ms: fc.integer({ min: 0, max: 400 }) }),
)
type Act = typeof actArb extends fc.Arbitrary<infer T> ? T : never

/** How long after its start a container's probe passes; each one takes the next. */
const lagsArb = fc.array(fc.integer({ min: 0, max: 600 }), { minLength: 5, maxLength: 5 })

async function story(acts: readonly Act[], lags: readonly number[]): Promise<void> {
  const world = await createWorld()
  try {
    await world.workload()
    await world.pool({ minSize: 3, maxSize: 100, maxFillConcurrency: 20 })
    await world.advance(10_000)
    startLate(world, lags)
    const claims: Promise<unknown>[] = []
    for (const act of acts) {
      if (act.act === 'advance') await world.advance(act.ms)
      else if (act.act === 'kill') await killTenants(world, act.count)
      // One whose container is killed before it is active may fail.
      else for (let i = 0; i < act.count; i++) claims.push(world.claim(`t${claims.length}`).catch(() => {}))
    }
    await world.until(Promise.all(claims))
    // Long before anything idles out.
    await world.advance(40_000)
    const { warm, starting } = await world.counts()
    expect([warm, starting]).toEqual([3, undefined])
  } finally {
    await world.close()
  }
}

function startLate(world: World, lags: readonly number[]): void {
  const lagOf = new Map<string, number>()
  world.engine.behaviour.startDelayMs = 20
  world.engine.behaviour.onProbe = ({ containerId }) => {
    const lag = lagOf.get(containerId) ?? lags[lagOf.size % lags.length] ?? 0
    lagOf.set(containerId, lag)
    const row = world.data.containers.get(containerId)
    return row?.state === 'starting' && world.clock.nowMs() - row.createdAt < lag ? 'fail' : 'pass'
  }
}

async function killTenants(world: World, count: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    const [claim] = await world.store.claims.liveOf(`t${i}` as TenantId)
    if (claim?.containerId) world.control.kill(claim.containerId)
  }
}

test('claims, recoveries and refill start no more together than is needed, in whatever order their containers become warm', async () => {
  await fc.assert(fc.asyncProperty(fc.array(actArb, { maxLength: 10 }), lagsArb, story), { numRuns: 100 })
}, 60_000)
