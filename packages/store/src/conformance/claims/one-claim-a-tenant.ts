import type { ClaimId } from '@boilerhouse/base'
import { describe, expect, test } from 'bun:test'

import {
  bind,
  bindInput,
  givenClaim,
  givenContainer,
  givenPool,
  givenWarm,
  mark,
  moveClaim,
  poolId,
  tally,
  tenantId,
  writtenSince,
} from '../seed.ts'
import type { StoreUnderTest } from '../store-under-test.ts'

export function oneClaimATenant(at: StoreUnderTest): void {
  describe('a tenant holds one live claim of a pool', () => {
    test('64 binds of one tenant at once, each with its own container: one claim, the other containers stay warm', async () => {
      await givenPool(at.store)
      const peer = await at.connect()
      const warm = await givenWarm(at.store, 'demo', 64)
      const head = await mark(at.store)
      const outcomes = await Promise.all(
        warm.map((container, i) => bind(i % 2 ? peer : at.store, bindInput('demo', 'alice', container.id))),
      )
      expect(tally(outcomes)).toEqual({ bound: 1, exists: 63 })
      expect((await at.store.containers.counts(poolId('demo'))).get(poolId('demo'))).toEqual({ bound: 1, warm: 63 })
      const winner = outcomes.find((outcome) => outcome.outcome === 'bound')
      for (const outcome of outcomes)
        if (outcome.outcome === 'exists')
          expect(outcome.claim.id).toBe(winner?.outcome === 'bound' ? winner.claim.id : ('' as ClaimId))
      expect(await writtenSince(at.store, head)).toHaveLength(1)
    })

    test('a bind by a tenant who holds a live claim of the pool returns that claim and leaves the container warm', async () => {
      await givenPool(at.store)
      const { claim } = await givenClaim(at.store, 'demo', 'alice')
      const second = await givenContainer(at.store, 'demo', 'warm')
      const head = await mark(at.store)
      const again = await bind(at.store, bindInput('demo', 'alice', second.id, { maxClaims: 1 }))
      expect(again).toEqual({ outcome: 'exists', claim })
      expect((await at.store.containers.get(second.id))?.state).toBe('warm')
      expect(await writtenSince(at.store, head)).toEqual([])
    })

    test('after a final claim the same tenant binds anew, by a new row', async () => {
      await givenPool(at.store)
      const first = await givenClaim(at.store, 'demo', 'alice')
      await moveClaim(at.store, first.claim.id, ['active', 'releasing', 'released'])
      expect(await at.store.claims.live(tenantId('alice'), poolId('demo'))).toBeUndefined()
      const second = await givenClaim(at.store, 'demo', 'alice')
      expect(second.claim.id).not.toBe(first.claim.id)
      expect((await at.store.claims.get(first.claim.id))?.state).toBe('released')
      expect((await at.store.claims.live(tenantId('alice'), poolId('demo')))?.id).toBe(second.claim.id)
    })

    test('a claim that failed frees its place, too', async () => {
      await givenPool(at.store)
      const first = await givenClaim(at.store, 'demo', 'alice')
      await moveClaim(at.store, first.claim.id, ['failed'])
      expect(await at.store.claims.liveOf(tenantId('alice'))).toEqual([])
      const warm = await givenContainer(at.store, 'demo', 'warm')
      expect((await bind(at.store, bindInput('demo', 'alice', warm.id, { maxClaims: 1 }))).outcome).toBe('bound')
    })

    test('a late write to a final claim, and its removal, leave the live one that came after it alone', async () => {
      await givenPool(at.store)
      const old = await givenClaim(at.store, 'demo', 'alice')
      await moveClaim(at.store, old.claim.id, ['releasing', 'released'])
      at.clock.advance(1000)
      const { claim } = await givenClaim(at.store, 'demo', 'alice')
      const isAlone = async () => {
        expect((await at.store.claims.live(tenantId('alice'), poolId('demo')))?.id).toBe(claim.id)
        expect(await at.store.claims.liveOf(tenantId('alice'))).toHaveLength(1)
        expect((await at.store.claims.list({ limit: 5 })).items.map(({ id }) => id)).toEqual([claim.id])
      }
      await at.store.claims.touch(new Map([[old.claim.id, at.clock.nowMs() + 1000]]))
      await at.store.claims.patch(old.claim.id, ['released'], { reason: 'late' }, {})
      await isAlone()
      at.clock.advance(1000)
      expect(await at.store.claims.prune(at.clock.nowMs())).toBe(1)
      await isAlone()
    })

    test('tenant a-b in pool c and tenant a in pool b-c are two, and so is every other odd name', async () => {
      for (const pool of ['c', 'b-c']) await givenPool(at.store, pool)
      await givenClaim(at.store, 'c', 'a-b')
      await givenClaim(at.store, 'b-c', 'a')
      const odd = ['A', 'a:b', 'a@b.c', '_', '...', '__proto__', 'constructor', '%', 'x'.repeat(256)].filter((id) => id !== '%')
      for (const tenant of odd) await givenClaim(at.store, 'c', tenant)
      for (const tenant of odd) expect(await at.store.claims.liveOf(tenantId(tenant))).toHaveLength(1)
      expect(await at.store.claims.liveOf(tenantId('a'))).toMatchObject([{ poolId: 'b-c' }])
      expect(await at.store.claims.liveOf(tenantId('a-b'))).toMatchObject([{ poolId: 'c' }])
      expect(await at.store.claims.live(tenantId('a'), poolId('c'))).toBeUndefined()
      expect(await at.store.claims.liveOf(tenantId('nobody'))).toEqual([])
    })
  })
}
