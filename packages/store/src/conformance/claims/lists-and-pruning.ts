import type { ClaimId } from '@boilerhouse/base'
import { describe, expect, test } from 'bun:test'

import { everyPage, givenClaim, givenPool, moveClaim, poolId, tenantId } from '../seed.ts'
import type { StoreUnderTest } from '../store-under-test.ts'

export function listsAndPruning(at: StoreUnderTest): void {
  describe('lists of claims, and what prune leaves of them', () => {
    test('the list shows the newest claim of each (tenant, pool), by tenant, in pages without gap or repetition', async () => {
      for (const pool of ['p', 'q']) await givenPool(at.store, pool)
      const old = await givenClaim(at.store, 'p', 'b')
      await moveClaim(at.store, old.claim.id, ['releasing', 'released'])
      at.clock.advance(5)
      const expected: string[] = []
      for (const tenant of ['b', 'a', 'B', 'a-b', 'c'])
        for (const pool of ['q', 'p']) expected.push((await givenClaim(at.store, pool, tenant)).claim.id)
      const { items, pages } = await everyPage((query) => at.store.claims.list(query), 3)
      expect(pages).toBe(4)
      expect(items.map((claim) => claim.id).toSorted()).toEqual(expected.toSorted() as ClaimId[])
      expect(items.map((claim) => `${claim.tenantId}/${claim.poolId}`)).toEqual(
        ['B', 'a', 'a-b', 'b', 'c'].flatMap((tenant) => [`${tenant}/p`, `${tenant}/q`]),
      )
    })

    test('the list is narrowed by tenant, pool and state of the newest claim', async () => {
      for (const pool of ['p', 'q']) await givenPool(at.store, pool)
      const first = await givenClaim(at.store, 'p', 'a')
      await moveClaim(at.store, first.claim.id, ['releasing', 'released'])
      at.clock.advance(5)
      const second = await givenClaim(at.store, 'p', 'a')
      const third = await givenClaim(at.store, 'q', 'b')
      const ids = async (query: object) => (await at.store.claims.list({ limit: 10, ...query })).items.map((claim) => claim.id)
      expect(await ids({ tenantId: tenantId('a') })).toEqual([second.claim.id])
      expect(await ids({ poolId: poolId('q') })).toEqual([third.claim.id])
      expect(await ids({ states: ['pending'] })).toEqual([second.claim.id, third.claim.id])
      expect(await ids({ states: ['released'] })).toEqual([])
      expect(await ids({ tenantId: tenantId('a'), poolId: poolId('q') })).toEqual([])
    })

    test('all returns live claims, or those of the given states, of all pools or one', async () => {
      for (const pool of ['p', 'q']) await givenPool(at.store, pool)
      const released = await givenClaim(at.store, 'p', 'a')
      await moveClaim(at.store, released.claim.id, ['releasing', 'released'])
      const failed = await givenClaim(at.store, 'p', 'c')
      await moveClaim(at.store, failed.claim.id, ['failed'])
      const live = await givenClaim(at.store, 'q', 'b')
      const ids = async (query?: object) => (await at.store.claims.all(query)).map((claim) => claim.id)
      expect(await ids()).toEqual([live.claim.id])
      expect(await ids({ poolId: poolId('p') })).toEqual([])
      expect(await ids({ states: ['released'] })).toEqual([released.claim.id])
      expect(await ids({ poolId: poolId('p'), states: ['failed', 'released'] })).toHaveLength(2)
    })

    test('prune removes final claims last written before the time, never a live one', async () => {
      await givenPool(at.store)
      const done = await givenClaim(at.store, 'demo', 'a')
      await moveClaim(at.store, done.claim.id, ['releasing', 'released'])
      const live = await givenClaim(at.store, 'demo', 'b')
      const between = at.clock.nowMs() + 500
      at.clock.advance(1000)
      const late = await givenClaim(at.store, 'demo', 'c')
      await moveClaim(at.store, late.claim.id, ['failed'])
      expect(await at.store.claims.prune(between)).toBe(1)
      expect(await at.store.claims.get(done.claim.id)).toBeUndefined()
      expect((await at.store.claims.get(live.claim.id))?.state).toBe('pending')
      expect((await at.store.claims.get(late.claim.id))?.state).toBe('failed')
      expect((await at.store.claims.list({ limit: 10 })).items.map((claim) => claim.tenantId)).toEqual([
        tenantId('b'),
        tenantId('c'),
      ])
    })
  })
}
