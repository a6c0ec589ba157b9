import { newKeyId } from '@boilerhouse/base'
import { describe, expect, test } from 'bun:test'

import { event, writtenSince, everyPage, faultOf, givenPool, poolId, tally, tenantId, mark } from './seed.ts'
import type { StoreUnderTest } from './store-under-test.ts'

export function recordConformance(at: StoreUnderTest): void {
  describe('keys', () => {
    const key = (n = 0) => ({
      id: newKeyId(1000 + n),
      name: `key ${n}`,
      hash: `${n}`.repeat(64).slice(0, 64),
      role: 'viewer' as const,
    })

    test('a key is found by id and by hash, with every field it was given', async () => {
      const input = {
        ...key(),
        role: 'tenant' as const,
        tenantId: tenantId('alice'),
        pools: ['a', 'b'],
        expiresAt: 5e12,
        requestsPerMinute: 7,
      }
      const head = await mark(at.store)
      const created = await at.store.keys.create(input, { event: event('key.created', `key/${input.id}`) })
      expect(created).toMatchObject(input)
      expect(created.createdAt).toBeGreaterThan(0)
      expect(await at.store.keys.byHash(input.hash)).toEqual(created)
      expect(await at.store.keys.get(input.id)).toEqual(created)
      expect(await at.store.keys.byHash('0'.repeat(63))).toBeUndefined()
      expect(await at.store.keys.get(newKeyId(1))).toBeUndefined()
      expect(await writtenSince(at.store, head)).toHaveLength(1)
    })

    test('of 10 revocations at once one is ok and writes its event; the key is still found, as revoked', async () => {
      const { id, hash } = await at.store.keys.create(key(), {})
      const head = await mark(at.store)
      const outcomes = await Promise.all(
        Array.from({ length: 10 }, () => at.store.keys.revoke(id, { event: event('key.revoked', `key/${id}`) })),
      )
      expect(tally(outcomes)).toEqual({ ok: 1, conflict: 9 })
      expect((await at.store.keys.byHash(hash))?.revokedAt).toBeGreaterThan(0)
      expect(await writtenSince(at.store, head)).toHaveLength(1)
      expect((await at.store.keys.revoke(newKeyId(1), {})).outcome).toBe('missing')
    })

    test('markUsed notes the time of many at once, and forgives keys that are gone', async () => {
      const a = await at.store.keys.create(key(1), {})
      const b = await at.store.keys.create(key(2), {})
      await at.store.keys.markUsed(
        new Map([
          [a.id, 1234],
          [newKeyId(1), 1],
        ]),
      )
      await at.store.keys.markUsed(new Map())
      expect((await at.store.keys.get(a.id))?.lastUsedAt).toBe(1234)
      expect((await at.store.keys.get(b.id))?.lastUsedAt).toBeUndefined()
    })

    test('keys page by id', async () => {
      const ids = []
      for (let n = 0; n < 5; n++) ids.push((await at.store.keys.create(key(n), {})).id)
      const { items, pages } = await everyPage((query) => at.store.keys.list(query), 2)
      expect([items.map((item) => item.id), pages]).toEqual([ids.toSorted(), 3])
    })
  })

  describe('idempotency keys', () => {
    const done = { status: 201, body: '{"a":"ü"}' }

    test('the first request starts, others wait, another body is a mismatch, and later ones get the answer', async () => {
      const { idempotency } = at.store
      expect(await idempotency.begin('key:1 POST /x', 'k', 'h')).toEqual({ outcome: 'started' })
      expect(await idempotency.begin('key:1 POST /x', 'k', 'h')).toEqual({ outcome: 'pending' })
      expect(await idempotency.begin('key:1 POST /x', 'k', 'other')).toEqual({ outcome: 'mismatch' })
      await idempotency.finish('key:1 POST /x', 'k', done)
      expect(await idempotency.begin('key:1 POST /x', 'k', 'h')).toEqual({ outcome: 'done', record: done })
      expect(await idempotency.begin('key:1 POST /x', 'k', 'other')).toEqual({ outcome: 'mismatch' })
    })

    test('20 equal requests at once: one starts', async () => {
      const peer = await at.connect()
      const outcomes = await Promise.all(
        Array.from({ length: 20 }, (_, i) => (i % 2 ? peer : at.store).idempotency.begin('s', 'k', 'h')),
      )
      expect(tally(outcomes)).toEqual({ started: 1, pending: 19 })
    })

    test('an equal key in another scope is another request, however the two are cut', async () => {
      const { idempotency } = at.store
      expect((await idempotency.begin('a', 'bc', 'h')).outcome).toBe('started')
      expect((await idempotency.begin('ab', 'c', 'h')).outcome).toBe('started')
    })

    test('an abandoned request may be made again; a finished one is not forgotten', async () => {
      const { idempotency } = at.store
      await idempotency.begin('s', 'k', 'h')
      await idempotency.abandon('s', 'k')
      expect((await idempotency.begin('s', 'k', 'other')).outcome).toBe('started')
      await idempotency.finish('s', 'k', done)
      await idempotency.abandon('s', 'k')
      expect((await idempotency.begin('s', 'k', 'other')).outcome).toBe('done')
    })

    test('a pending request that nobody renewed is taken over by exactly one; a renewed or finished one by nobody', async () => {
      const { idempotency } = at.store
      const peer = (await at.connect()).idempotency
      const ask = () => Promise.all([idempotency, peer].map((store) => store.takeOver('s', 'k', 6000)))
      await idempotency.begin('s', 'k', 'h')
      expect(await ask()).toEqual([false, false])
      at.clock.advance(4000)
      await idempotency.renew('s', 'k')
      at.clock.advance(4000)
      expect(await ask()).toEqual([false, false])
      at.clock.advance(4000)
      expect(await ask()).toEqual([false, false])
      at.clock.advance(2001)
      const taken = await Promise.all(Array.from({ length: 10 }, (_, i) => (i % 2 ? peer : idempotency).takeOver('s', 'k', 6000)))
      expect(taken.filter(Boolean).length).toBe(1)
      expect((await idempotency.begin('s', 'k', 'h')).outcome).toBe('pending')
      await idempotency.finish('s', 'k', done)
      at.clock.advance(60_000)
      await idempotency.renew('s', 'k')
      expect(await idempotency.takeOver('s', 'k', 6000)).toBe(false)
      expect(await idempotency.takeOver('s', 'unknown', 0)).toBe(false)
    })

    test('a wall clock that jumps an hour either way takes no request from its runner, nor keeps a dead one', async () => {
      for (const [key, jumpMs] of Object.entries({ ahead: 3_600_000, back: -3_600_000 })) {
        const peer = (await at.connect()).idempotency
        await at.store.idempotency.begin('s', key, 'h')
        at.clock.advance(2000)
        expect(await peer.takeOver('s', key, 6000)).toBe(false)
        at.clock.jumpWall(jumpMs)
        expect(await peer.takeOver('s', key, 6000)).toBe(false)
        await at.store.idempotency.renew('s', key)
        at.clock.advance(5000)
        expect(await peer.takeOver('s', key, 6000)).toBe(false)
        at.clock.advance(5000)
        expect(await peer.takeOver('s', key, 6000)).toBe(false)
        at.clock.advance(1001)
        expect(await peer.takeOver('s', key, 6000)).toBe(true)
      }
    })

    test('a request that was abandoned and made again is not taken for the silent one of before', async () => {
      const peer = (await at.connect()).idempotency
      await at.store.idempotency.begin('s', 'k', 'h')
      expect(await peer.takeOver('s', 'k', 6000)).toBe(false)
      at.clock.advance(6001)
      await at.store.idempotency.abandon('s', 'k')
      await at.store.idempotency.begin('s', 'k', 'h')
      expect(await peer.takeOver('s', 'k', 6000)).toBe(false)
    })

    test('prune forgets what began before the time', async () => {
      const { idempotency } = at.store
      await idempotency.begin('s', 'old', 'h')
      await idempotency.finish('s', 'old', done)
      const between = at.clock.nowMs() + 500
      at.clock.advance(1000)
      await idempotency.begin('s', 'new', 'h')
      expect(await idempotency.prune(between)).toBe(1)
      expect((await idempotency.begin('s', 'old', 'h')).outcome).toBe('started')
      expect((await idempotency.begin('s', 'new', 'h')).outcome).toBe('pending')
    })
  })

  describe('series', () => {
    const point = (atMs: number, value: number, labels: Record<string, string> = {}) => ({ metric: 'cpu', labels, atMs, value })

    test('points come back by time, within from and to, of their metric, step and labels', async () => {
      const { series } = at.store
      await series.write(10_000, [
        point(30_000, 3, { poolId: 'a' }),
        point(10_000, 1, { poolId: 'a' }),
        point(20_000, 2, { poolId: 'b' }),
      ])
      await series.write(60_000, [point(60_000, 9, { poolId: 'a' })])
      await series.write(10_000, [{ ...point(10_000, 7), metric: 'memory' }])
      await series.write(10_000, [])
      const read = async (more: object) =>
        (await series.read({ metric: 'cpu', labels: {}, fromMs: 0, toMs: 1e6, stepMs: 10_000, ...more })).map((p) => p.value)
      expect(await read({})).toEqual([1, 2, 3])
      expect(await read({ fromMs: 10_000, toMs: 30_000 })).toEqual([1, 2])
      expect(await read({ labels: { poolId: 'a' } })).toEqual([1, 3])
      expect(await read({ stepMs: 60_000 })).toEqual([9])
      expect(await read({ metric: 'none' })).toEqual([])
    })

    test('labels narrow a point that has more of them, and fractions are kept', async () => {
      const { series } = at.store
      const full = point(10_000, 0.123456789, { poolId: 'a', containerId: 'c', source: 'pool' })
      await series.write(10_000, [full])
      const query = { metric: 'cpu', fromMs: 0, toMs: 20_000, stepMs: 10_000 as const }
      expect(await series.read({ ...query, labels: { containerId: 'c', poolId: 'a' } })).toEqual([full])
      expect(await series.read({ ...query, labels: { containerId: 'd' } })).toEqual([])
    })

    test('a point written again replaces the earlier one, whatever the order of its labels', async () => {
      const { series } = at.store
      await series.write(10_000, [point(10_000, 1, { a: '1', b: '2' })])
      await series.write(10_000, [point(10_000, 5, { b: '2', a: '1' })])
      const read = await series.read({ metric: 'cpu', labels: {}, fromMs: 0, toMs: 20_000, stepMs: 10_000 })
      expect(read.map((p) => p.value)).toEqual([5])
    })

    test('prune removes the points of one step before the time', async () => {
      const { series } = at.store
      await series.write(10_000, [point(10_000, 1), point(20_000, 2)])
      await series.write(60_000, [point(10_000, 9)])
      expect(await series.prune(10_000, 20_000)).toBe(1)
      expect(await series.prune(10_000, 20_000)).toBe(0)
      const query = { metric: 'cpu', labels: {}, fromMs: 0, toMs: 1e6 }
      expect((await series.read({ ...query, stepMs: 10_000 })).map((p) => p.value)).toEqual([2])
      expect((await series.read({ ...query, stepMs: 60_000 })).map((p) => p.value)).toEqual([9])
    })
  })

  describe('networks', () => {
    test('a pool keeps its first subnet; an equal one is taken for others until it is removed', async () => {
      for (const pool of ['a', 'b']) await givenPool(at.store, pool)
      const { networks } = at.store
      expect(await networks.assign(poolId('a'), '10.0.0.0/24')).toEqual({ outcome: 'ok', subnet: '10.0.0.0/24' })
      expect(await networks.assign(poolId('a'), '10.0.9.0/24')).toEqual({ outcome: 'ok', subnet: '10.0.0.0/24' })
      expect(await networks.assign(poolId('b'), '10.0.0.0/24')).toEqual({ outcome: 'taken' })
      expect(await networks.assign(poolId('b'), '10.0.1.0/24')).toEqual({ outcome: 'ok', subnet: '10.0.1.0/24' })
      expect(await networks.all()).toEqual(
        new Map([
          [poolId('a'), '10.0.0.0/24'],
          [poolId('b'), '10.0.1.0/24'],
        ]),
      )
      await networks.remove(poolId('a'))
      await networks.remove(poolId('a'))
      await networks.remove(poolId('b'))
      expect(await networks.assign(poolId('b'), '10.0.0.0/24')).toEqual({ outcome: 'ok', subnet: '10.0.0.0/24' })
    })

    test('a pool that outgrew its subnet gets another, once, and never one of another pool', async () => {
      for (const pool of ['a', 'b']) await givenPool(at.store, pool)
      const { networks } = at.store
      await networks.assign(poolId('a'), '10.0.0.0/24')
      await networks.assign(poolId('b'), '10.0.1.0/24')
      expect(await networks.replace(poolId('a'), '10.0.0.0/24', '10.0.1.0/24')).toEqual({ outcome: 'taken' })
      expect(await networks.replace(poolId('a'), '10.0.0.0/24', '10.1.0.0/22')).toEqual({ outcome: 'ok' })
      expect(await networks.replace(poolId('a'), '10.0.0.0/24', '10.2.0.0/22')).toEqual({ outcome: 'conflict' })
      expect((await networks.all()).get(poolId('a'))).toBe('10.1.0.0/22')
    })

    test('20 pools ask for one subnet at once: one gets it', async () => {
      for (let i = 0; i < 20; i++) await givenPool(at.store, `p${i}`)
      const peer = await at.connect()
      const outcomes = await Promise.all(
        Array.from({ length: 20 }, (_, i) => (i % 2 ? peer : at.store).networks.assign(poolId(`p${i}`), '10.0.0.0/24')),
      )
      expect(tally(outcomes)).toEqual({ ok: 1, taken: 19 })
    })
  })

  describe('the store itself', () => {
    test('it answers a ping until it is closed; then it is unavailable, while others on the same data go on', async () => {
      const peer = await at.connect()
      await peer.ping()
      await peer.close()
      await peer.close()
      expect(await faultOf(peer.ping())).toBe('store.unavailable')
      await at.store.ping()
    })
  })
}
