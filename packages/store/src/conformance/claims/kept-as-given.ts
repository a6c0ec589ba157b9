import { describe, expect, test } from 'bun:test'

import { event, givenClaim, givenPool, mark, writtenSince } from '../seed.ts'
import type { StoreUnderTest } from '../store-under-test.ts'

export function keptAsGiven(at: StoreUnderTest): void {
  describe('what a claim was given is kept as it was', () => {
    test('sealed secrets come back byte for byte', async () => {
      await givenPool(at.store)
      const sealed = Uint8Array.from({ length: 512 }, (_, i) => i % 256)
      const { claim } = await givenClaim(at.store, 'demo', 'alice', { sealed })
      const read = await at.store.claims.get(claim.id)
      expect(Array.from(read?.sealed ?? [])).toEqual(Array.from(sealed))
      const other = Uint8Array.of(0, 255, 10, 13, 0)
      await at.store.claims.patch(claim.id, ['pending'], { sealed: other }, {})
      expect(Array.from((await at.store.claims.get(claim.id))?.sealed ?? [])).toEqual(Array.from(other))
    })

    test('the time of a claim is the one it was given, else now', async () => {
      await givenPool(at.store)
      const claimedAt = at.clock.nowMs() - 1234
      const { claim, container } = await givenClaim(at.store, 'demo', 'alice', { claimedAt })
      for (const each of [claim, await at.store.claims.get(claim.id)])
        expect(each).toMatchObject({ claimedAt, lastActivityAt: claimedAt, updatedAt: claimedAt })
      for (const each of [container, await at.store.containers.get(container.id)]) expect(each?.boundAt).toBe(claimedAt)
      const { claim: now } = await givenClaim(at.store, 'demo', 'bob')
      expect((await at.store.claims.get(now.id))?.claimedAt).toBe(now.claimedAt)
      expect(now.claimedAt).toBeGreaterThan(claimedAt)
    })

    test('what a caller does to its input later changes no record', async () => {
      await givenPool(at.store)
      const config = { deep: { value: 1 } }
      const sealed = Uint8Array.of(1, 2, 3)
      const { claim } = await givenClaim(at.store, 'demo', 'alice', { config, sealed })
      config.deep.value = 2
      sealed[0] = 9
      const read = await at.store.claims.get(claim.id)
      const data = { deep: { value: 1 } }
      const cursor = await mark(at.store)
      await at.store.events.append(event('claim.updated', `claim/${claim.id}`, { data }))
      data.deep.value = 2
      expect((await writtenSince(at.store, cursor)).map((record) => record.data)).toEqual([{ deep: { value: 1 } }])
      expect(read?.config).toEqual({ deep: { value: 1 } })
      expect(Array.from(read?.sealed ?? [])).toEqual([1, 2, 3])
    })
  })
}
