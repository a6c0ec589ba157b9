import { newContainerId } from '@boilerhouse/base'
import { describe, expect, test } from 'bun:test'

import { bind, bindInput, givenContainer, givenPool, givenWarm, mark, poolId, tally, tenantId, writtenSince } from '../seed.ts'
import type { StoreUnderTest } from '../store-under-test.ts'

export function oneOwnerAContainer(at: StoreUnderTest): void {
  describe('a bind gives a container its one owner', () => {
    test('a bind moves the container to bound and makes a pending claim, each naming the other', async () => {
      await givenPool(at.store)
      const warm = await givenContainer(at.store, 'demo', 'warm')
      const input = bindInput('demo', 'alice', warm.id, {
        config: { greeting: 'hi', nested: { list: [1, null, 'x'] } },
        metadata: { plan: 'pro' },
        secretNames: ['TOKEN'],
      })
      const bound = await bind(at.store, input)
      if (bound.outcome !== 'bound') throw new Error(bound.outcome)
      expect(bound.claim).toMatchObject({
        id: input.claimId,
        tenantId: tenantId('alice'),
        poolId: poolId('demo'),
        containerId: warm.id,
        state: 'pending',
        source: 'pool',
        revision: 1,
        config: { greeting: 'hi', nested: { list: [1, null, 'x'] } },
        metadata: { plan: 'pro' },
        secretNames: ['TOKEN'],
        losses: [],
      })
      expect(String(bound.claim.workloadId)).toBe('echo')
      expect(bound.claim.lastActivityAt).toBe(bound.claim.claimedAt)
      expect(bound.container).toMatchObject({ state: 'bound', claimId: input.claimId, tenantId: tenantId('alice') })
      expect(bound.container.boundAt).toBeGreaterThan(0)
      expect(bound.container.revision).toBeGreaterThan(warm.revision)
      expect(await at.store.claims.get(input.claimId)).toEqual(bound.claim)
      expect(await at.store.containers.get(warm.id)).toEqual(bound.container)
      expect(await at.store.claims.live(tenantId('alice'), poolId('demo'))).toEqual(bound.claim)
    })

    test('64 binds of one container at once: one owner, 63 taken, one event', async () => {
      await givenPool(at.store)
      const peer = await at.connect()
      const warm = await givenContainer(at.store, 'demo', 'warm')
      const head = await mark(at.store)
      const outcomes = await Promise.all(
        Array.from({ length: 64 }, (_, i) => bind(i % 2 ? peer : at.store, bindInput('demo', `t${i}`, warm.id))),
      )
      expect(tally(outcomes)).toEqual({ bound: 1, taken: 63 })
      const live = await at.store.claims.all({ poolId: poolId('demo') })
      expect(live.map((claim) => claim.containerId)).toEqual([warm.id])
      expect((await at.store.containers.get(warm.id))?.claimId).toBe(live[0]?.id)
      expect(await writtenSince(at.store, head)).toHaveLength(1)
    })

    test('64 tenants bind 64 containers at once: everyone has one, nobody shares', async () => {
      await givenPool(at.store)
      const warm = await givenWarm(at.store, 'demo', 64)
      const outcomes = await Promise.all(warm.map((container, i) => bind(at.store, bindInput('demo', `t${i}`, container.id))))
      expect(tally(outcomes)).toEqual({ bound: 64 })
      const live = await at.store.claims.all()
      expect(new Set(live.map((claim) => claim.containerId)).size).toBe(64)
      expect(new Set(live.map((claim) => claim.tenantId)).size).toBe(64)
    })

    test.each(['starting', 'unhealthy', 'failed', 'draining', 'gone'] as const)(
      'a container that is %s is taken: nothing is written',
      async (state) => {
        await givenPool(at.store)
        const container = await givenContainer(at.store, 'demo', state)
        const head = await mark(at.store)
        const input = bindInput('demo', 'alice', container.id)
        expect((await bind(at.store, input)).outcome).toBe('taken')
        expect(await at.store.containers.get(container.id)).toEqual(container)
        expect(await at.store.claims.get(input.claimId)).toBeUndefined()
        expect(await writtenSince(at.store, head)).toEqual([])
      },
    )

    test('a container that does not exist, or is of another pool, is taken', async () => {
      await givenPool(at.store)
      await givenPool(at.store, 'other')
      const warm = await givenContainer(at.store, 'other', 'warm')
      expect((await bind(at.store, bindInput('demo', 'alice', newContainerId(1)))).outcome).toBe('taken')
      expect((await bind(at.store, bindInput('demo', 'alice', warm.id))).outcome).toBe('taken')
      expect((await at.store.containers.get(warm.id))?.state).toBe('warm')
    })
  })
}
