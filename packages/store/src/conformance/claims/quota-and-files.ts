import { describe, expect, test } from 'bun:test'

import {
  bind,
  bindInput,
  givenClaim,
  givenContainer,
  givenPool,
  mark,
  moveClaim,
  tally,
  tenantId,
  writtenSince,
} from '../seed.ts'
import type { StoreUnderTest } from '../store-under-test.ts'

export function quotaAndFiles(at: StoreUnderTest): void {
  describe("a bind keeps to the tenant's quota and leaves its files with one claim", () => {
    test('a tenant over its quota is told how many claims it holds, and nothing is written', async () => {
      for (const pool of ['a', 'b', 'c']) await givenPool(at.store, pool)
      await givenClaim(at.store, 'a', 'alice')
      await givenClaim(at.store, 'b', 'alice')
      await givenClaim(at.store, 'a', 'bob')
      const warm = await givenContainer(at.store, 'c', 'warm')
      const head = await mark(at.store)
      expect(await bind(at.store, bindInput('c', 'alice', warm.id, { maxClaims: 2 }))).toEqual({ outcome: 'quota', held: 2 })
      expect((await at.store.containers.get(warm.id))?.state).toBe('warm')
      expect(await writtenSince(at.store, head)).toEqual([])
      expect((await bind(at.store, bindInput('c', 'alice', warm.id, { maxClaims: 3 }))).outcome).toBe('bound')
    })

    test('released claims do not count for the quota', async () => {
      await givenPool(at.store, 'a')
      await givenPool(at.store, 'b')
      const first = await givenClaim(at.store, 'a', 'alice')
      await moveClaim(at.store, first.claim.id, ['releasing', 'released'])
      const warm = await givenContainer(at.store, 'b', 'warm')
      expect((await bind(at.store, bindInput('b', 'alice', warm.id, { maxClaims: 1 }))).outcome).toBe('bound')
    })

    test("a tenant's files are with one live claim: a bind of another pool of the workload changes nothing until that one ended", async () => {
      for (const pool of ['a', 'b']) await givenPool(at.store, pool)
      const { claim } = await givenClaim(at.store, 'a', 'alice', { holdsState: true })
      expect((await at.store.claims.get(claim.id))?.holdsState).toBe(true)
      const warm = await givenContainer(at.store, 'b', 'warm')
      const head = await mark(at.store)
      const holding = () => bind(at.store, bindInput('b', 'alice', warm.id, { holdsState: true }))
      expect(await holding()).toMatchObject({ outcome: 'state_in_use', claim: { id: claim.id, poolId: 'a' } })
      expect((await at.store.containers.get(warm.id))?.state).toBe('warm')
      expect(await writtenSince(at.store, head)).toEqual([])
      await moveClaim(at.store, claim.id, ['releasing', 'release_failed'])
      expect((await holding()).outcome).toBe('state_in_use')
      await moveClaim(at.store, claim.id, ['releasing', 'released'])
      expect((await holding()).outcome).toBe('bound')
    })

    test("claims without files, and other tenants', are not in the way of one that holds state", async () => {
      for (const pool of ['a', 'b']) await givenPool(at.store, pool)
      await givenClaim(at.store, 'a', 'alice')
      await givenClaim(at.store, 'a', 'bob', { holdsState: true })
      const warm = await givenContainer(at.store, 'b', 'warm')
      expect((await bind(at.store, bindInput('b', 'alice', warm.id, { holdsState: true }))).outcome).toBe('bound')
    })

    test('of 16 binds of one tenant at once over 16 pools of a workload one gets the files', async () => {
      const peer = await at.connect()
      const inputs = []
      for (let i = 0; i < 16; i++) {
        await givenPool(at.store, `p${i}`)
        const warm = await givenContainer(at.store, `p${i}`, 'warm')
        inputs.push(bindInput(`p${i}`, 'alice', warm.id, { holdsState: true }))
      }
      const outcomes = await Promise.all(inputs.map((input, i) => bind(i % 2 ? at.store : peer, input)))
      expect(outcomes.filter(({ outcome }) => outcome === 'bound')).toHaveLength(1)
      expect(outcomes.filter(({ outcome }) => outcome === 'state_in_use')).toHaveLength(15)
    })

    test('16 binds of one tenant at once over 16 pools never pass its quota of 3', async () => {
      const peer = await at.connect()
      const inputs = []
      for (let i = 0; i < 16; i++) {
        await givenPool(at.store, `p${i}`)
        const warm = await givenContainer(at.store, `p${i}`, 'warm')
        inputs.push(bindInput(`p${i}`, 'alice', warm.id, { maxClaims: 3 }))
      }
      const outcomes = await Promise.all(inputs.map((input, i) => bind(i % 2 ? peer : at.store, input)))
      expect(tally(outcomes)).toEqual({ bound: 3, quota: 13 })
      expect(await at.store.claims.liveOf(tenantId('alice'))).toHaveLength(3)
    })
  })
}
