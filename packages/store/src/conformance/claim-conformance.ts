import type { ClaimId } from '@boilerhouse/base'
import { newClaimId, newContainerId } from '@boilerhouse/base'
import { describe, expect, test } from 'bun:test'

import {
  bind,
  bindInput,
  event,
  writtenSince,
  everyPage,
  faultOf,
  givenClaim,
  givenContainer,
  givenPool,
  givenWarm,
  moveClaim,
  poolId,
  tally,
  tenantId,
  mark,
} from './seed.ts'
import type { StoreUnderTest } from './store-under-test.ts'

export function claimConformance(at: StoreUnderTest): void {
  describe('binding', () => {
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

  describe('claims', () => {
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

  describe('recovery', () => {
    const givenRecovering = async (pool = 'demo', tenant = 'alice') => {
      const given = await givenClaim(at.store, pool, tenant)
      await moveClaim(at.store, given.claim.id, ['active'])
      await at.store.containers.transition(given.container.id, ['bound'], 'lost', { reason: 'died' }, {})
      await moveClaim(at.store, given.claim.id, ['recovering'])
      return given
    }

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
