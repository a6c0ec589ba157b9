import { describe, expect, test } from 'bun:test'

import { newClaimId, type ClaimId } from '@boilerhouse/base'

import { event, givenClaim, givenPool, mark, moveClaim, writtenSince } from './seed.ts'
import type { StoreUnderTest } from './store-under-test.ts'

const marked = (claimId: ClaimId) => ({ claimId, event: event('claim.active', `claim/${claimId}`, { claimId }) })

export function activateConformance(at: StoreUnderTest): void {
  describe('claims.activate', () => {
    test('marks every delivered claim active with its event, and clears its reason', async () => {
      await givenPool(at.store)
      const pending = await givenClaim(at.store, 'demo', 'alice')
      const restoring = await givenClaim(at.store, 'demo', 'bob')
      await moveClaim(at.store, restoring.claim.id, ['restoring'])
      await at.store.claims.patch(pending.claim.id, ['pending'], { reason: 'first try' }, {})
      const before = await mark(at.store)
      const ids = [pending.claim.id, restoring.claim.id]
      expect([...(await at.store.claims.activate(ids.map(marked)))].toSorted()).toEqual(ids.toSorted())
      for (const id of ids) {
        const claim = await at.store.claims.get(id)
        expect(claim?.state).toBe('active')
        expect(claim?.reason).toBeUndefined()
      }
      const written = await writtenSince(at.store, before)
      expect(written.map(({ type, claimId }) => `${type} ${claimId}`).toSorted()).toEqual(
        ids.map((id) => `claim.active ${id}`).toSorted(),
      )
    })

    test('a claim that somebody else moved, or that is not there, stays as it is, without an event; the others are marked', async () => {
      await givenPool(at.store)
      const releasing = await givenClaim(at.store, 'demo', 'alice')
      await moveClaim(at.store, releasing.claim.id, ['releasing'])
      const pending = await givenClaim(at.store, 'demo', 'bob')
      const before = await mark(at.store)
      const asked = [releasing.claim.id, newClaimId(Date.now()), pending.claim.id]
      expect([...(await at.store.claims.activate(asked.map(marked)))]).toEqual([pending.claim.id])
      expect((await at.store.claims.get(releasing.claim.id))?.state).toBe('releasing')
      expect((await writtenSince(at.store, before)).map(({ claimId }) => claimId)).toEqual([pending.claim.id])
    })

    test('many at once: each is marked once, whoever else marks it', async () => {
      await givenPool(at.store)
      const claims = await Promise.all(Array.from({ length: 30 }, (_, i) => givenClaim(at.store, 'demo', `t${i}`)))
      const before = await mark(at.store)
      const marks = claims.map(({ claim }) => marked(claim.id))
      const moved = await Promise.all([at.store.claims.activate(marks), at.store.claims.activate(marks.toReversed())])
      expect(moved.flatMap((ids) => [...ids]).toSorted()).toEqual(claims.map(({ claim }) => claim.id).toSorted())
      expect(await writtenSince(at.store, before)).toHaveLength(30)
      expect([...(await at.store.claims.activate([]))]).toEqual([])
    })

    test('what an event tells comes through: quotes, NUL, text beyond ASCII', async () => {
      await givenPool(at.store)
      const { claim } = await givenClaim(at.store, 'demo', `o'hara "\\ ü`)
      const before = await mark(at.store)
      const data = { totalMs: 1.5, text: `it's "quoted" \\ \n ü` }
      const told = event('claim.active', `claim/${claim.id}`, { claimId: claim.id, tenantId: claim.tenantId, revision: 1, data })
      await at.store.claims.activate([{ claimId: claim.id, event: told }])
      expect(await writtenSince(at.store, before)).toMatchObject([{ tenantId: claim.tenantId, revision: 1, data }])
    })
  })
}
