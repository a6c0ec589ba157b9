import { describe, expect, test } from 'bun:test'
import * as fc from 'fast-check'

import type { TenantId } from '@boilerhouse/base'

import { createWorld, type World } from '../world.ts'
import { openWorlds } from './open-world.ts'

const openWorld = openWorlds()

const tenants = ['a', 'b', 'c', 'd']
const actArb = fc.oneof(
  fc.record({ act: fc.constant('claim' as const), tenant: fc.constantFrom(...tenants) }),
  fc.record({ act: fc.constant('release' as const), tenant: fc.constantFrom(...tenants) }),
  fc.record({ act: fc.constant('kill' as const), tenant: fc.constantFrom(...tenants) }),
  fc.record({ act: fc.constant('crash' as const) }),
  fc.record({ act: fc.constant('outage' as const) }),
  fc.record({ act: fc.constant('roll' as const) }),
  fc.record({ act: fc.constant('advance' as const), ms: fc.integer({ min: 0, max: 400 }) }),
)
type Act = typeof actArb extends fc.Arbitrary<infer T> ? T : never

async function perform(world: World, act: Act, rolls: { count: number }): Promise<void> {
  // Asked for and not waited for, so that a crash may come in the middle.
  const forget = (answer: Promise<unknown>) => void answer.catch(() => {})
  switch (act.act) {
    case 'claim':
      return forget(world.claim(act.tenant))
    case 'release':
      return forget(world.release(act.tenant))
    case 'kill': {
      const [claim] = await world.store.claims.liveOf(act.tenant as TenantId)
      if (claim?.containerId) world.control.kill(claim.containerId)
      return
    }
    case 'crash':
      world.crash()
      return world.restart()
    case 'outage':
      world.control.disconnect()
      await world.advance(3_000)
      return world.control.reconnect()
    case 'roll':
      rolls.count += 1
      await world.workload({ command: [`v${rolls.count}`] })
      return
    case 'advance':
      return world.advance(act.ms)
  }
}

/** What must hold whatever happened, once the world has come to rest. */
async function assertWhole(world: World): Promise<void> {
  const rows = await world.store.containers.all()
  const claims = await world.store.claims.all()
  expect(new Set(world.control.leftovers())).toEqual(new Set(rows.map((row) => row.id)))
  for (const row of rows) expect(['warm', 'bound']).toContain(row.state)
  for (const claim of claims) {
    if (claim.state === 'recovering') continue // its circuit is open: it waits for its release
    const row = rows.find((one) => one.id === claim.containerId)
    expect([claim.state, row?.state, row?.claimId]).toEqual(['active', 'bound', claim.id])
    if (row) expect(world.control.delivered(row.id)?.tenantId).toBe(claim.tenantId)
  }
  expect(rows.filter((row) => row.state === 'bound')).toHaveLength(claims.filter((one) => one.state === 'active').length)
  const pool = await world.poolRow()
  const warm = rows.filter((row) => row.state === 'warm')
  expect(warm.length).toBeGreaterThanOrEqual(2)
  const { generation } = (await world.store.workloads.get('echo' as never)) ?? {}
  expect(warm.every((row) => row.workloadGeneration === generation)).toBe(true)
  expect(pool?.status).toEqual({ phase: 'ready', conditions: [] })
}

async function story(acts: readonly Act[], staleMs: number): Promise<void> {
  const world = await createWorld({ staleMs })
  try {
    world.engine.behaviour.startDelayMs = 70
    world.engine.behaviour.stopDelayMs = 30
    await world.workload()
    await world.pool({ minSize: 2, maxSize: 12, startDeadlineMs: 20_000, idleTimeoutMs: 5_000 })
    await world.advance(500)
    const rolls = { count: 0 }
    for (const act of acts) await perform(world, act, rolls)
    await world.advance(90_000)
    await assertWhole(world)
  } finally {
    await world.close()
  }
}

describe('whatever happens', () => {
  test('crashes, outages, deaths and rolls leave the world whole', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(actArb, { minLength: 5, maxLength: 25 }), (acts) => story(acts, 0)),
      { numRuns: 40 },
    )
  }, 120_000)
  test('reads that are a second old change nothing of it', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(actArb, { minLength: 5, maxLength: 20 }), (acts) => story(acts, 1_000)),
      { numRuns: 15 },
    )
  }, 120_000)
})

describe('several servers', () => {
  test('a container is started once, whichever step its server dies at', async () => {
    for (const ms of [0, 1, 30, 70, 75, 100, 140]) {
      const world = await openWorld()
      world.engine.behaviour.startDelayMs = 70
      await world.workload()
      await world.pool({ minSize: 3, maxFillConcurrency: 2 })
      await world.advance(ms)
      world.crash()
      await world.restart()
      await world.advance(1_000)
      expect(await world.counts()).toEqual({ warm: 3 })
      expect(await world.events(['container.created'])).toHaveLength(3)
      expect(world.control.leftovers()).toHaveLength(3)
    }
  })
})
