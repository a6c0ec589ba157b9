import { newClaimId, newContainerId } from '@boilerhouse/base'
import { describe, expect, test } from 'bun:test'

import { event, faultOf, givenClaim, givenPool, mark, moveClaim, tally, writtenSince } from '../seed.ts'
import type { StoreUnderTest } from '../store-under-test.ts'

export function claimTransitions(at: StoreUnderTest): void {
  describe('transitions of a claim', () => {
    test('a transition from an expected state writes the state, the patch and one event', async () => {
      await givenPool(at.store)
      const { claim } = await givenClaim(at.store, 'demo', 'alice')
      const head = await mark(at.store)
      const moved = await at.store.claims.transition(
        claim.id,
        ['pending'],
        'active',
        { source: 'pool+data' },
        { event: event('claim.active', `claim/${claim.id}`), lazy: true },
      )
      expect(moved).toMatchObject({
        outcome: 'ok',
        record: { state: 'active', source: 'pool+data', containerId: claim.containerId },
      })
      expect(await writtenSince(at.store, head)).toMatchObject([{ type: 'claim.active', subject: `claim/${claim.id}` }])
    })

    test('of 20 equal transitions at once one wins; the others get the record as it is, and one event is written', async () => {
      await givenPool(at.store)
      const peer = await at.connect()
      const { claim } = await givenClaim(at.store, 'demo', 'alice')
      const head = await mark(at.store)
      const outcomes = await Promise.all(
        Array.from({ length: 20 }, (_, i) =>
          (i % 2 ? peer : at.store).claims.transition(
            claim.id,
            ['pending'],
            'active',
            {},
            { event: event('claim.active', `claim/${claim.id}`) },
          ),
        ),
      )
      expect(tally(outcomes)).toEqual({ ok: 1, conflict: 19 })
      for (const outcome of outcomes) if (outcome.outcome !== 'missing') expect(outcome.record.state).toBe('active')
      expect(await writtenSince(at.store, head)).toHaveLength(1)
    })

    test('a claim that does not exist is missing', async () => {
      const id = newClaimId(1)
      expect(await at.store.claims.get(id)).toBeUndefined()
      expect(await at.store.claims.transition(id, ['pending'], 'active', {}, {})).toEqual({ outcome: 'missing' })
      expect(await at.store.claims.patch(id, ['pending'], {}, {})).toEqual({ outcome: 'missing' })
      expect((await at.store.claims.rebind(id, newContainerId(1), {})).outcome).toBe('conflict')
    })

    test('a transition that no table names throws machine.unknown_transition, whatever the state', async () => {
      await givenPool(at.store)
      const { claim } = await givenClaim(at.store, 'demo', 'alice')
      const { claims } = at.store
      expect(await faultOf(claims.transition(claim.id, ['released'], 'active', {}, {}))).toBe('machine.unknown_transition')
      expect(await faultOf(claims.transition(claim.id, ['pending'], 'recovering', {}, {}))).toBe('machine.unknown_transition')
      expect(await faultOf(claims.transition(claim.id, ['active'], 'pending', {}, {}))).toBe('machine.unknown_transition')
      expect((await claims.get(claim.id))?.state).toBe('pending')
    })

    test('`from` is narrowed to what the table allows', async () => {
      await givenPool(at.store)
      const { claim } = await givenClaim(at.store, 'demo', 'alice')
      const moved = await at.store.claims.transition(claim.id, ['pending', 'active'], 'recovering', {}, {})
      expect(moved).toMatchObject({ outcome: 'conflict', record: { state: 'pending' } })
    })

    test('entering recovering clears the container; the losses are kept', async () => {
      await givenPool(at.store)
      const { claim } = await givenClaim(at.store, 'demo', 'alice')
      await moveClaim(at.store, claim.id, ['active'])
      const moved = await at.store.claims.transition(claim.id, ['active'], 'recovering', { losses: [7, 8], reason: 'oom' }, {})
      if (moved.outcome !== 'ok') throw new Error(moved.outcome)
      expect(moved.record.containerId).toBeUndefined()
      expect(moved.record).toMatchObject({ state: 'recovering', losses: [7, 8], reason: 'oom' })
      expect(await at.store.claims.get(claim.id)).toEqual(moved.record)
    })
  })
}
