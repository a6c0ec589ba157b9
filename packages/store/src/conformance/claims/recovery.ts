import { describe, expect, test } from 'bun:test'

import {
  bind,
  bindInput,
  event,
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

export function recovery(at: StoreUnderTest): void {
  describe('recovery', () => {
    const givenRecovering = async (pool = 'demo', tenant = 'alice') => {
      const given = await givenClaim(at.store, pool, tenant)
      await moveClaim(at.store, given.claim.id, ['active'])
      await at.store.containers.transition(given.container.id, ['bound'], 'lost', { reason: 'died' }, {})
      await moveClaim(at.store, given.claim.id, ['recovering'])
      return given
    }

    test('a claim that holds another container by now is not moved on account of its former one', async () => {
      await givenPool(at.store)
      const { claim, container } = await givenRecovering()
      const next = await givenContainer(at.store, 'demo', 'warm')
      await at.store.claims.rebind(claim.id, next.id, {})
      await moveClaim(at.store, claim.id, ['active'])
      const lose = (holding: typeof container.id) =>
        at.store.claims.transition(claim.id, ['active'], 'recovering', {}, { event: event('claim.recovering', 'x'), holding })
      const head = await mark(at.store)
      expect((await lose(container.id)).outcome).toBe('conflict')
      expect(await at.store.claims.get(claim.id)).toMatchObject({ state: 'active', containerId: next.id })
      expect(await writtenSince(at.store, head)).toEqual([])
      expect((await lose(next.id)).outcome).toBe('ok')
    })

    test('rebind gives a recovering claim a warm container in one commit; its state stays', async () => {
      await givenPool(at.store)
      const { claim } = await givenRecovering()
      const warm = await givenContainer(at.store, 'demo', 'warm')
      const head = await mark(at.store)
      const bound = await at.store.claims.rebind(claim.id, warm.id, { event: event('container.claimed', `container/${warm.id}`) })
      if (bound.outcome !== 'bound') throw new Error(bound.outcome)
      expect(bound.claim).toMatchObject({ id: claim.id, state: 'recovering', containerId: warm.id })
      expect(bound.container).toMatchObject({ id: warm.id, state: 'bound', claimId: claim.id, tenantId: tenantId('alice') })
      expect(await at.store.containers.get(warm.id)).toEqual(bound.container)
      expect(await writtenSince(at.store, head)).toHaveLength(1)
    })

    test('a recovering claim whose new container died too is not bound anew: its files may be in there, and are kept first', async () => {
      await givenPool(at.store)
      const { claim } = await givenRecovering()
      const died = await givenContainer(at.store, 'demo', 'warm')
      await at.store.claims.rebind(claim.id, died.id, {})
      const warm = await givenContainer(at.store, 'demo', 'warm')
      const head = await mark(at.store)
      for (const [from, to] of [
        ['bound', 'lost'],
        ['lost', 'draining'],
        ['draining', 'gone'],
      ] as const) {
        expect((await at.store.containers.transition(died.id, [from], to, {}, {})).outcome).toBe('ok')
        const again = await at.store.claims.rebind(claim.id, warm.id, {
          event: event('container.claimed', `container/${warm.id}`),
        })
        expect([to, again.outcome]).toEqual([to, 'conflict'])
      }
      expect(await at.store.claims.get(claim.id)).toMatchObject({ state: 'recovering', containerId: died.id })
      expect((await at.store.containers.get(warm.id))?.state).toBe('warm')
      expect(await writtenSince(at.store, head)).toEqual([])
    })

    test('of 16 rebinds of one claim at once one wins; the other containers stay warm', async () => {
      await givenPool(at.store)
      const { claim } = await givenRecovering()
      const warm = await givenWarm(at.store, 'demo', 16)
      const outcomes = await Promise.all(warm.map((container) => at.store.claims.rebind(claim.id, container.id, {})))
      expect(tally(outcomes)).toEqual({ bound: 1, conflict: 15 })
      expect((await at.store.containers.counts()).get(poolId('demo'))).toEqual({ lost: 1, bound: 1, warm: 15 })
    })

    test('a rebind and 16 binds of one container at once leave one owner', async () => {
      await givenPool(at.store)
      const { claim } = await givenRecovering()
      const warm = await givenContainer(at.store, 'demo', 'warm')
      const outcomes = await Promise.all([
        ...Array.from({ length: 8 }, (_, i) => bind(at.store, bindInput('demo', `x${i}`, warm.id))),
        at.store.claims.rebind(claim.id, warm.id, {}),
        ...Array.from({ length: 8 }, (_, i) => bind(at.store, bindInput('demo', `y${i}`, warm.id))),
      ])
      expect(tally(outcomes)).toEqual({ bound: 1, taken: 16 })
      const owners = (await at.store.claims.all()).filter((other) => other.containerId === warm.id)
      expect(owners).toHaveLength(1)
      expect((await at.store.containers.get(warm.id))?.claimId).toBe(owners[0]?.id)
    })

    test('rebind of a claim that is not recovering is a conflict; of a container that is not warm, taken', async () => {
      await givenPool(at.store)
      const active = await givenClaim(at.store, 'demo', 'bob')
      const warm = await givenContainer(at.store, 'demo', 'warm')
      expect((await at.store.claims.rebind(active.claim.id, warm.id, {})).outcome).toBe('conflict')
      const { claim } = await givenRecovering()
      expect((await at.store.claims.rebind(claim.id, active.container.id, {})).outcome).toBe('taken')
      await givenPool(at.store, 'other')
      const foreign = await givenContainer(at.store, 'other', 'warm')
      expect((await at.store.claims.rebind(claim.id, foreign.id, {})).outcome).toBe('taken')
      expect((await at.store.containers.get(foreign.id))?.state).toBe('warm')
      expect((await at.store.claims.get(claim.id))?.containerId).toBeUndefined()
      expect((await at.store.containers.get(warm.id))?.state).toBe('warm')
    })
  })
}
