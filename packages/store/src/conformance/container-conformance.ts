import { newContainerId, type ContainerId } from '@boilerhouse/base'
import { containerStates, type ContainerRecord } from '@boilerhouse/resources'
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
  poolId,
  tally,
  tenantId,
  mark,
} from './seed.ts'
import type { StoreUnderTest } from './store-under-test.ts'

export function containerConformance(at: StoreUnderTest): void {
  const create = (pool: string, more: { maxContainers?: number; onDemand?: boolean } = {}, store = at.store) =>
    store.containers.create(
      { id: newContainerId(Date.now()), poolId: poolId(pool), workloadGeneration: 3, onDemand: false, ...more },
      {},
    )
  const probe = (atMs: number) => ({
    health: { status: 'passing' as const, failures: 0, history: [{ atMs, ok: true, durationMs: 1 }] },
  })

  describe('container rows', () => {
    test('a new container is starting, of its pool and workload, and its event is written with it', async () => {
      await givenPool(at.store)
      const head = await mark(at.store)
      const id = newContainerId(Date.now())
      const created = await at.store.containers.create(
        { id, poolId: poolId('demo'), workloadGeneration: 3, onDemand: true, startedWith: { dns: ['9.9.9.9'], networkSize: 60 } },
        { event: event('container.created', `container/${id}`, { poolId: poolId('demo'), containerId: id }) },
      )
      if (created.outcome !== 'ok') throw new Error(created.outcome)
      expect(created.record).toMatchObject({
        id,
        poolId: poolId('demo'),
        workloadGeneration: 3,
        state: 'starting',
        onDemand: true,
        startedWith: { dns: ['9.9.9.9'], networkSize: 60 },
        health: { status: 'unknown', failures: 0, history: [] },
      })
      expect(String(created.record.workloadId)).toBe('echo')
      expect(created.record.warmAt).toBeUndefined()
      expect(await at.store.containers.get(id)).toEqual(created.record)
      expect(await writtenSince(at.store, head)).toMatchObject([{ type: 'container.created', containerId: id }])
    })

    test('50 creates at once never pass maxSize, and write one event each', async () => {
      await givenPool(at.store, 'demo', { maxSize: 7 })
      const peer = await at.connect()
      const outcomes = await Promise.all(Array.from({ length: 50 }, (_, i) => create('demo', {}, i % 2 ? peer : at.store)))
      expect(tally(outcomes)).toEqual({ ok: 7, full: 43 })
      expect(await at.store.containers.all()).toHaveLength(7)
    })

    test('50 creates at once over 5 pools never pass maxContainers', async () => {
      for (let i = 0; i < 5; i++) await givenPool(at.store, `p${i}`)
      const peer = await at.connect()
      const outcomes = await Promise.all(
        Array.from({ length: 50 }, (_, i) => create(`p${i % 5}`, { maxContainers: 12 }, i % 2 ? peer : at.store)),
      )
      expect(tally(outcomes)).toEqual({ ok: 12, host_full: 38 })
      expect(await at.store.containers.all()).toHaveLength(12)
    })

    test('a container that is gone leaves room; one that is draining does not', async () => {
      await givenPool(at.store, 'demo', { maxSize: 1 })
      const container = await givenContainer(at.store, 'demo', 'draining')
      expect((await create('demo')).outcome).toBe('full')
      await at.store.containers.transition(container.id, ['draining'], 'gone', {}, {})
      expect((await create('demo')).outcome).toBe('ok')
    })

    test('a pool that is draining or does not exist gets no container', async () => {
      await givenPool(at.store)
      await at.store.pools.setStatus(poolId('demo'), { phase: 'draining', conditions: [] }, {})
      expect((await create('demo')).outcome).toBe('draining')
      expect((await create('nowhere')).outcome).toBe('no_pool')
      expect(await at.store.containers.all()).toEqual([])
    })

    test('a refused create writes no event', async () => {
      await givenPool(at.store, 'demo', { maxSize: 1 })
      await create('demo')
      const head = await mark(at.store)
      const id = newContainerId(Date.now())
      await at.store.containers.create(
        { id, poolId: poolId('demo'), workloadGeneration: 1, onDemand: false },
        { event: event('container.created', `container/${id}`) },
      )
      expect(await at.store.containers.get(id)).toBeUndefined()
      expect(await writtenSince(at.store, head)).toEqual([])
    })
  })

  describe('container transitions', () => {
    test('entering warm sets warmAt and keeps address and health of the patch', async () => {
      await givenPool(at.store)
      const container = await givenContainer(at.store, 'demo')
      const address = { ip: '10.1.2.3', hostPorts: { '8080': 49_152 }, socketDir: '/run/x' }
      const moved = await at.store.containers.transition(container.id, ['starting'], 'warm', { address, ...probe(5) }, {})
      if (moved.outcome !== 'ok') throw new Error(moved.outcome)
      expect(moved.record).toMatchObject({ state: 'warm', address, ...probe(5) })
      expect(moved.record.warmAt).toBeGreaterThanOrEqual(container.createdAt)
      expect(moved.record.revision).toBe(container.revision + 1)
      expect(await at.store.containers.get(container.id)).toEqual(moved.record)
    })

    test('20 equal transitions at once: one is ok and writes its event, the others conflict', async () => {
      await givenPool(at.store)
      const peer = await at.connect()
      const container = await givenContainer(at.store, 'demo', 'warm')
      const head = await mark(at.store)
      const outcomes = await Promise.all(
        Array.from({ length: 20 }, (_, i) =>
          (i % 2 ? peer : at.store).containers.transition(
            container.id,
            ['warm', 'unhealthy'],
            'draining',
            { reason: `by ${i}` },
            { event: event('container.draining', `container/${container.id}`) },
          ),
        ),
      )
      expect(tally(outcomes)).toEqual({ ok: 1, conflict: 19 })
      for (const outcome of outcomes) if (outcome.outcome !== 'missing') expect(outcome.record.state).toBe('draining')
      expect(await writtenSince(at.store, head)).toHaveLength(1)
    })

    test('64 binds and a drain of one container at once: it is drained or bound, and if drained no claim was made', async () => {
      await givenPool(at.store)
      const warm = await givenContainer(at.store, 'demo', 'warm')
      const [drain, ...binds] = await Promise.all([
        at.store.containers.transition(warm.id, ['warm'], 'draining', {}, {}),
        ...Array.from({ length: 64 }, (_, i) => bind(at.store, bindInput('demo', `t${i}`, warm.id))),
      ])
      const live = await at.store.claims.all()
      expect(live).toHaveLength(drain?.outcome === 'ok' ? 0 : 1)
      expect(tally(binds)['bound'] ?? 0).toBe(live.length)
    })

    test('a transition that no table names throws machine.unknown_transition, whatever the state', async () => {
      await givenPool(at.store)
      const container = await givenContainer(at.store, 'demo', 'warm')
      const { containers } = at.store
      expect(await faultOf(containers.transition(container.id, ['gone'], 'warm', {}, {}))).toBe('machine.unknown_transition')
      expect(await faultOf(containers.transition(container.id, ['warm'], 'gone', {}, {}))).toBe('machine.unknown_transition')
      expect(await faultOf(containers.transition(container.id, [], 'draining', {}, {}))).toBe('machine.unknown_transition')
      expect((await containers.get(container.id))?.state).toBe('warm')
    })

    test('bound is entered by a bind alone: a plain transition to it throws', async () => {
      await givenPool(at.store)
      const container = await givenContainer(at.store, 'demo', 'warm')
      expect(await faultOf(at.store.containers.transition(container.id, ['warm'], 'bound', {}, {}))).toBe(
        'machine.unknown_transition',
      )
      expect((await at.store.containers.get(container.id))?.state).toBe('warm')
    })

    test('a container keeps its tenant and claim when it is lost, drained and gone; the reason of the patch is kept', async () => {
      await givenPool(at.store)
      const { claim, container } = await givenClaim(at.store, 'demo', 'alice')
      for (const [from, to] of [
        ['bound', 'lost'],
        ['lost', 'draining'],
        ['draining', 'gone'],
      ] as const)
        await at.store.containers.transition(container.id, [from], to, to === 'lost' ? { reason: 'oom' } : {}, {})
      expect(await at.store.containers.get(container.id)).toMatchObject({
        state: 'gone',
        claimId: claim.id,
        tenantId: tenantId('alice'),
        reason: 'oom',
      })
    })

    test('a container that was reset and is warm again belongs to nobody', async () => {
      await givenPool(at.store)
      const { container } = await givenClaim(at.store, 'demo', 'alice')
      await at.store.containers.transition(container.id, ['bound'], 'resetting', {}, {})
      const warm = await at.store.containers.transition(container.id, ['resetting'], 'warm', {}, {})
      if (warm.outcome !== 'ok') throw new Error(warm.outcome)
      expect([warm.record.claimId, warm.record.tenantId, warm.record.boundAt]).toEqual([undefined, undefined, undefined])
      expect(await at.store.containers.get(container.id)).toEqual(warm.record)
      expect((await at.store.containers.list({ limit: 5, tenantId: tenantId('alice') })).items).toEqual([])
    })

    test('a container that does not exist is missing', async () => {
      const id = newContainerId(1)
      expect(await at.store.containers.get(id)).toBeUndefined()
      expect(await at.store.containers.transition(id, ['warm'], 'draining', {}, {})).toEqual({ outcome: 'missing' })
      expect(await at.store.containers.patch(id, ['warm'], {}, {})).toEqual({ outcome: 'missing' })
    })

    test('a patch writes facts in the given states alone, and clears what it names as undefined', async () => {
      await givenPool(at.store)
      const container = await givenContainer(at.store, 'demo', 'warm')
      const patched = await at.store.containers.patch(container.id, ['warm'], { reason: 'slow', ...probe(9) }, {})
      expect(patched).toMatchObject({ outcome: 'ok', record: { state: 'warm', reason: 'slow', ...probe(9) } })
      const cleared = await at.store.containers.patch(container.id, ['warm'], { reason: undefined }, {})
      if (cleared.outcome !== 'ok') throw new Error(cleared.outcome)
      expect(cleared.record.reason).toBeUndefined()
      expect(cleared.record.health).toEqual(probe(9).health)
      const refused = await at.store.containers.patch(container.id, ['bound', 'starting'], { reason: 'no' }, {})
      expect(refused).toEqual({ outcome: 'conflict', record: cleared.record })
    })
  })

  describe('container queries', () => {
    const ids = (records: readonly ContainerRecord[]): readonly ContainerId[] => records.map((record) => record.id)

    test('warm ids come newest probe first, of one pool, at most the limit', async () => {
      await givenPool(at.store)
      await givenPool(at.store, 'other')
      const [a, b, c] = await givenWarm(at.store, 'demo', 3)
      if (!a || !b || !c) throw new Error('three were made')
      await givenWarm(at.store, 'other', 1)
      await givenContainer(at.store, 'demo', 'starting')
      const now = at.clock.nowMs()
      await at.store.containers.patch(a.id, ['warm'], probe(now + 20), {})
      await at.store.containers.patch(b.id, ['warm'], probe(now + 30), {})
      await at.store.containers.patch(c.id, ['warm'], probe(now + 10), {})
      expect(await at.store.containers.warmIds(poolId('demo'), 10)).toEqual([b.id, a.id, c.id])
      expect(await at.store.containers.warmIds(poolId('demo'), 2)).toEqual([b.id, a.id])
      await bind(at.store, bindInput('demo', 'alice', b.id))
      expect(await at.store.containers.warmIds(poolId('demo'), 10)).toEqual([a.id, c.id])
      expect(await at.store.containers.warmIds(poolId('nowhere'), 10)).toEqual([])
    })

    test('counts are by pool and state, without what is gone', async () => {
      await givenPool(at.store)
      await givenPool(at.store, 'other')
      await givenWarm(at.store, 'demo', 2)
      await givenContainer(at.store, 'demo', 'starting')
      await givenContainer(at.store, 'demo', 'gone')
      await givenContainer(at.store, 'other', 'failed')
      const counts = await at.store.containers.counts()
      expect(counts.get(poolId('demo'))).toEqual({ warm: 2, starting: 1 })
      expect(counts.get(poolId('other'))).toEqual({ failed: 1 })
      expect([...(await at.store.containers.counts(poolId('other'))).keys()]).toEqual([poolId('other')])
    })

    test('all returns what is not gone, or the given states, of all pools or one', async () => {
      await givenPool(at.store)
      await givenPool(at.store, 'other')
      const warm = await givenContainer(at.store, 'demo', 'warm')
      const gone = await givenContainer(at.store, 'demo', 'gone')
      const other = await givenContainer(at.store, 'other', 'failed')
      expect(ids(await at.store.containers.all()).toSorted()).toEqual([warm.id, other.id].toSorted())
      expect(ids(await at.store.containers.all({ poolId: poolId('demo') }))).toEqual([warm.id])
      expect(ids(await at.store.containers.all({ states: ['gone'] }))).toEqual([gone.id])
      expect(ids(await at.store.containers.all({ poolId: poolId('other'), states: ['warm', 'failed'] }))).toEqual([other.id])
      expect(await at.store.containers.all({ states: [] })).toEqual([])
    })

    test('the list pages by id without gap or repetition while containers come and go', async () => {
      await givenPool(at.store)
      const made = ids(await givenWarm(at.store, 'demo', 10)).toSorted()
      const first = await at.store.containers.list({ limit: 4 })
      expect(ids(first.items)).toEqual(made.slice(0, 4))
      for (const id of made.slice(2, 5)) await at.store.containers.transition(id, ['warm'], 'draining', {}, {})
      await at.store.containers.transition(made[3]!, ['draining'], 'gone', {}, {})
      const second = await at.store.containers.list({ limit: 4, cursor: first.nextCursor ?? '' })
      expect(ids(second.items)).toEqual(made.slice(4, 8))
      const third = await at.store.containers.list({ limit: 4, cursor: second.nextCursor ?? '' })
      expect(ids(third.items)).toEqual(made.slice(8))
      expect(third.nextCursor).toBeUndefined()
      const { items, pages } = await everyPage((query) => at.store.containers.list({ ...query, states: containerStates }), 5)
      expect([ids(items), pages]).toEqual([made, 2])
    })

    test('the list is narrowed by pool, tenant and state', async () => {
      await givenPool(at.store)
      await givenPool(at.store, 'other')
      const { container } = await givenClaim(at.store, 'demo', 'alice')
      const warm = await givenContainer(at.store, 'other', 'warm')
      const gone = await givenContainer(at.store, 'other', 'gone')
      const found = async (query: object) => ids((await at.store.containers.list({ limit: 10, ...query })).items)
      expect(await found({ tenantId: tenantId('alice') })).toEqual([container.id])
      expect(await found({ poolId: poolId('other') })).toEqual([warm.id])
      expect(await found({ states: ['gone'] })).toEqual([gone.id])
      expect(await found({ poolId: poolId('demo'), states: ['warm'] })).toEqual([])
    })

    test('prune removes containers gone since before the time, and only those', async () => {
      await givenPool(at.store)
      const gone = await givenContainer(at.store, 'demo', 'gone')
      const draining = await givenContainer(at.store, 'demo', 'draining')
      const between = at.clock.nowMs() + 500
      at.clock.advance(1000)
      const late = await givenContainer(at.store, 'demo', 'gone')
      expect(await at.store.containers.prune(between)).toBe(1)
      expect(await at.store.containers.get(gone.id)).toBeUndefined()
      expect(await at.store.containers.get(draining.id)).toBeDefined()
      expect(await at.store.containers.get(late.id)).toBeDefined()
      expect(await at.store.containers.prune(at.clock.nowMs() + 1)).toBe(1)
    })
  })
}
