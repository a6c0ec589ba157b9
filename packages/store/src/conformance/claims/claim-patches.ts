import { newClaimId } from '@boilerhouse/base'
import { describe, expect, test } from 'bun:test'

import { event, givenClaim, givenPool, mark, tally, writtenSince } from '../seed.ts'
import type { StoreUnderTest } from '../store-under-test.ts'

export function claimPatches(at: StoreUnderTest): void {
  describe('patches of a claim', () => {
    test('a patch changes what it names, clears what it names as undefined, and leaves the rest', async () => {
      await givenPool(at.store)
      const { claim } = await givenClaim(at.store, 'demo', 'alice', {
        config: { a: 1 },
        metadata: { m: '1' },
        secretNames: ['S'],
      })
      await at.store.claims.patch(claim.id, ['pending'], { reason: 'waiting' }, {})
      const patched = await at.store.claims.patch(
        claim.id,
        ['pending', 'active'],
        { config: { b: 2 }, revision: 2, reason: undefined },
        { expectedRevision: 1, event: event('claim.updated', `claim/${claim.id}`) },
      )
      if (patched.outcome !== 'ok') throw new Error(patched.outcome)
      expect(patched.record).toMatchObject({
        config: { b: 2 },
        revision: 2,
        metadata: { m: '1' },
        secretNames: ['S'],
        state: 'pending',
      })
      expect(patched.record.reason).toBeUndefined()
    })

    test('a patch of another revision or in another state is a conflict and writes nothing', async () => {
      await givenPool(at.store)
      const { claim } = await givenClaim(at.store, 'demo', 'alice')
      const head = await mark(at.store)
      const options = { event: event('claim.updated', `claim/${claim.id}`) }
      const stale = await at.store.claims.patch(claim.id, ['pending'], { revision: 9 }, { ...options, expectedRevision: 7 })
      expect(stale).toEqual({ outcome: 'conflict', record: claim })
      const elsewhere = await at.store.claims.patch(claim.id, ['active'], { revision: 9 }, options)
      expect(elsewhere).toEqual({ outcome: 'conflict', record: claim })
      expect(await writtenSince(at.store, head)).toEqual([])
    })

    test('of 20 deliveries of the next revision at once one wins', async () => {
      await givenPool(at.store)
      const { claim } = await givenClaim(at.store, 'demo', 'alice')
      const outcomes = await Promise.all(
        Array.from({ length: 20 }, (_, i) =>
          at.store.claims.patch(claim.id, ['pending'], { revision: 2, config: { i } }, { expectedRevision: 1 }),
        ),
      )
      expect(tally(outcomes)).toEqual({ ok: 1, conflict: 19 })
    })

    test('touch raises the activity of many at once, never lowers it, and writes no event', async () => {
      await givenPool(at.store)
      const a = await givenClaim(at.store, 'demo', 'a')
      const b = await givenClaim(at.store, 'demo', 'b')
      const head = await mark(at.store)
      const later = a.claim.lastActivityAt + 5000
      await at.store.claims.touch(
        new Map([
          [a.claim.id, later],
          [b.claim.id, 1],
          [newClaimId(1), later],
        ]),
      )
      expect((await at.store.claims.get(a.claim.id))?.lastActivityAt).toBe(later)
      expect((await at.store.claims.get(b.claim.id))?.lastActivityAt).toBe(b.claim.lastActivityAt)
      await at.store.claims.touch(new Map())
      expect(await writtenSince(at.store, head)).toEqual([])
    })
  })
}
