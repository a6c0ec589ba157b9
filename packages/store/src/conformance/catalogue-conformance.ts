import { describe, expect, test } from 'bun:test'

import {
  event,
  writtenSince,
  everyPage,
  givenClaim,
  givenContainer,
  givenPool,
  givenWorkload,
  moveClaim,
  poolId,
  poolSpec,
  tally,
  workloadId,
  workloadSpec,
  mark,
} from './seed.ts'
import type { StoreUnderTest } from './store-under-test.ts'

const mebibyte = 1_048_576

export function catalogueConformance(at: StoreUnderTest): void {
  describe('workloads', () => {
    test('a new workload is creating, generation 1, and comes back as it was given', async () => {
      const spec = workloadSpec({ configSchema: { type: 'object', properties: { a: { type: 'string' } } }, metadata: { ü: '✓' } })
      const created = await at.store.workloads.create({ id: workloadId('echo'), spec }, {})
      if (created.outcome !== 'ok') throw new Error(created.outcome)
      expect(created.record).toMatchObject({ id: workloadId('echo'), spec, status: { state: 'creating' }, generation: 1 })
      expect(await at.store.workloads.get(workloadId('echo'))).toEqual(created.record)
      expect(await at.store.workloads.get(workloadId('other'))).toBeUndefined()
    })

    test('of 10 creates of one id at once one is ok, and one event is written', async () => {
      const head = await mark(at.store)
      const outcomes = await Promise.all(
        Array.from({ length: 10 }, () =>
          at.store.workloads.create(
            { id: workloadId('echo'), spec: workloadSpec() },
            { event: event('workload.created', 'workload/echo') },
          ),
        ),
      )
      expect(tally(outcomes)).toEqual({ ok: 1, exists: 9 })
      expect(await writtenSince(at.store, head)).toHaveLength(1)
    })

    test('an update raises generation and revision and goes back to creating', async () => {
      const first = await givenWorkload(at.store)
      await at.store.workloads.setStatus(first.id, 1, { state: 'ready', imageId: 'sha256:1' }, {})
      const updated = await at.store.workloads.update(first.id, workloadSpec({ image: 'echo:2' }), {})
      expect(updated).toMatchObject({
        outcome: 'ok',
        record: { spec: { image: 'echo:2' }, status: { state: 'creating' }, generation: 2, createdAt: first.createdAt },
      })
      if (updated.outcome === 'ok') expect(updated.record.revision).toBeGreaterThan(first.revision)
      expect((await at.store.workloads.update(workloadId('none'), workloadSpec(), {})).outcome).toBe('missing')
    })

    test('of 10 updates of the same expected revision at once one is ok, the others are told the record as it is', async () => {
      const { id, revision } = await givenWorkload(at.store)
      const head = await mark(at.store)
      const outcomes = await Promise.all(
        Array.from({ length: 10 }, (_, i) =>
          at.store.workloads.update(id, workloadSpec({ image: `echo:${i}` }), {
            expectedRevision: revision,
            event: event('workload.updated', 'workload/echo'),
          }),
        ),
      )
      expect(tally(outcomes)).toEqual({ ok: 1, conflict: 9 })
      const now = await at.store.workloads.get(id)
      for (const outcome of outcomes) if (outcome.outcome === 'conflict') expect(outcome.record).toEqual(now!)
      expect(await writtenSince(at.store, head)).toHaveLength(1)
    })

    test('a status of an older generation is a conflict: the spec has changed since', async () => {
      const { id } = await givenWorkload(at.store)
      await at.store.workloads.update(id, workloadSpec({ image: 'echo:2' }), {})
      const stale = await at.store.workloads.setStatus(id, 1, { state: 'ready', imageId: 'old' }, {})
      expect(stale).toMatchObject({ outcome: 'conflict', record: { status: { state: 'creating' }, generation: 2 } })
      const fresh = await at.store.workloads.setStatus(id, 2, { state: 'error', reason: 'no image' }, {})
      expect(fresh).toMatchObject({ outcome: 'ok', record: { status: { state: 'error', reason: 'no image' } } })
      expect((await at.store.workloads.setStatus(workloadId('none'), 1, { state: 'ready' }, {})).outcome).toBe('missing')
    })

    test('a status is replaced whole: the reason of an error is gone once it is ready', async () => {
      const { id } = await givenWorkload(at.store)
      await at.store.workloads.setStatus(id, 1, { state: 'error', reason: 'no image' }, {})
      await at.store.workloads.setStatus(id, 1, { state: 'ready', imageId: 'sha256:2' }, {})
      expect((await at.store.workloads.get(id))?.status).toEqual({ state: 'ready', imageId: 'sha256:2' })
    })

    test('a workload that a pool names is in use; without pools it goes, with its build log', async () => {
      const { id, revision } = await givenWorkload(at.store)
      await givenPool(at.store)
      expect((await at.store.workloads.delete(id, {})).outcome).toBe('in_use')
      await at.store.pools.setStatus(poolId('demo'), { phase: 'draining', conditions: [] }, {})
      await at.store.pools.remove(poolId('demo'), {})
      expect((await at.store.workloads.delete(id, { expectedRevision: revision + 7 })).outcome).toBe('conflict')
      await at.store.workloads.appendBuildLog(id, 'step 1')
      const head = await mark(at.store)
      const options = { event: event('workload.deleted', 'workload/echo') }
      expect((await at.store.workloads.delete(id, { expectedRevision: revision, ...options })).outcome).toBe('ok')
      expect((await at.store.workloads.delete(id, options)).outcome).toBe('missing')
      expect(await at.store.workloads.get(id)).toBeUndefined()
      expect(await writtenSince(at.store, head)).toHaveLength(1)
      await givenWorkload(at.store)
      expect(await at.store.workloads.buildLog(id)).toBe('')
    })

    test('workloads page by id', async () => {
      for (const id of ['c', 'a-1', 'b', 'a', 'a1']) await givenWorkload(at.store, id)
      const { items, pages } = await everyPage((query) => at.store.workloads.list(query), 2)
      expect(items.map((item) => String(item.id))).toEqual(['a', 'a-1', 'a1', 'b', 'c'])
      expect(pages).toBe(3)
    })

    test('a list that ends exactly at the limit has no next page', async () => {
      for (const id of ['a', 'b']) await givenWorkload(at.store, id)
      expect((await at.store.workloads.list({ limit: 2 })).nextCursor).toBeUndefined()
    })

    test('the build log grows, starts anew on reset, and keeps its newest 1 MiB', async () => {
      const { id } = await givenWorkload(at.store)
      expect(await at.store.workloads.buildLog(id)).toBe('')
      await at.store.workloads.appendBuildLog(id, 'one\n')
      await at.store.workloads.appendBuildLog(id, 'two ✓\n')
      expect(await at.store.workloads.buildLog(id)).toBe('one\ntwo ✓\n')
      await at.store.workloads.appendBuildLog(id, 'again\n', { reset: true })
      expect(await at.store.workloads.buildLog(id)).toBe('again\n')
      for (let i = 0; i < 3; i++) await at.store.workloads.appendBuildLog(id, `${i}`.repeat(500_000))
      await at.store.workloads.appendBuildLog(id, 'the end')
      const log = await at.store.workloads.buildLog(id)
      expect(log.length).toBeLessThanOrEqual(mebibyte)
      expect(log.length).toBeGreaterThan(1_000_000)
      expect(log.endsWith('2the end')).toBe(true)
      expect(log.startsWith('again')).toBe(false)
    })

    test('a build log of a workload that is not there is dropped', async () => {
      await at.store.workloads.appendBuildLog(workloadId('none'), 'text')
      expect(await at.store.workloads.buildLog(workloadId('none'))).toBe('')
    })
  })

  describe('pools', () => {
    test('a new pool is filling and comes back as it was given', async () => {
      await givenWorkload(at.store)
      const spec = poolSpec({ maxSize: 3, network: { dns: ['1.1.1.1'] } })
      const created = await at.store.pools.create({ id: poolId('demo'), spec }, {})
      if (created.outcome !== 'ok') throw new Error(created.outcome)
      expect(created.record).toMatchObject({
        id: poolId('demo'),
        workloadId: workloadId('echo'),
        spec,
        status: { phase: 'filling', conditions: [] },
        generation: 1,
      })
      expect(await at.store.pools.get(poolId('demo'))).toEqual(created.record)
      expect((await at.store.pools.create({ id: poolId('demo'), spec }, {})).outcome).toBe('exists')
    })

    test('a pool over a workload that does not exist is refused', async () => {
      expect((await at.store.pools.create({ id: poolId('demo'), spec: poolSpec() }, {})).outcome).toBe('no_workload')
      expect(await at.store.pools.get(poolId('demo'))).toBeUndefined()
    })

    test('10 pools made while their workload is deleted at once: never a pool without its workload', async () => {
      await givenWorkload(at.store)
      const [deleted, ...created] = await Promise.all([
        at.store.workloads.delete(workloadId('echo'), {}),
        ...Array.from({ length: 10 }, (_, i) => at.store.pools.create({ id: poolId(`p${i}`), spec: poolSpec() }, {})),
      ])
      const made = created.filter((outcome) => outcome.outcome === 'ok').length
      expect((await at.store.pools.list({ limit: 20 })).items).toHaveLength(made)
      if (deleted?.outcome === 'ok') expect(made).toBe(0)
      else expect(await at.store.workloads.get(workloadId('echo'))).toBeDefined()
    })

    test('an update raises generation and revision; another workload, a stale revision or draining is a conflict', async () => {
      const first = await givenPool(at.store)
      await givenWorkload(at.store, 'other')
      const updated = await at.store.pools.update(first.id, poolSpec({ minSize: 5 }), { expectedRevision: first.revision })
      if (updated.outcome !== 'ok') throw new Error(updated.outcome)
      expect(updated.record).toMatchObject({ spec: { minSize: 5 }, generation: 2 })
      expect(updated.record.revision).toBeGreaterThan(first.revision)
      const head = await mark(at.store)
      const options = { event: event('pool.updated', 'pool/demo') }
      const stale = await at.store.pools.update(first.id, poolSpec(), { ...options, expectedRevision: first.revision })
      expect(stale).toEqual({ outcome: 'conflict', record: updated.record })
      expect((await at.store.pools.update(first.id, poolSpec({ workloadId: 'other' }), options)).outcome).toBe('conflict')
      expect(await writtenSince(at.store, head)).toEqual([])
      await at.store.pools.setStatus(first.id, { phase: 'draining', conditions: [] }, {})
      expect((await at.store.pools.update(first.id, poolSpec({ minSize: 2 }), {})).outcome).toBe('conflict')
      expect((await at.store.pools.update(poolId('none'), poolSpec(), {})).outcome).toBe('missing')
    })

    test('the status moves along its table and keeps its conditions; nothing leaves draining', async () => {
      await givenPool(at.store)
      const conditions = [
        { type: 'CircuitOpen', reason: 'runtime.start_failed', message: 'exit 1', since: '2026-01-01T00:00:00Z' },
      ]
      const degraded = await at.store.pools.setStatus(poolId('demo'), { phase: 'degraded', conditions }, {})
      expect(degraded).toMatchObject({ outcome: 'ok', record: { status: { phase: 'degraded', conditions }, generation: 1 } })
      expect((await at.store.pools.setStatus(poolId('demo'), { phase: 'degraded', conditions: [] }, {})).outcome).toBe('ok')
      expect((await at.store.pools.setStatus(poolId('demo'), { phase: 'draining', conditions: [] }, {})).outcome).toBe('ok')
      expect((await at.store.pools.setStatus(poolId('demo'), { phase: 'draining', conditions }, {})).outcome).toBe('ok')
      const head = await mark(at.store)
      const refused = await at.store.pools.setStatus(
        poolId('demo'),
        { phase: 'ready', conditions: [] },
        { event: event('pool.phase', 'pool/demo') },
      )
      expect(refused).toMatchObject({ outcome: 'conflict', record: { status: { phase: 'draining' } } })
      expect(await writtenSince(at.store, head)).toEqual([])
      expect((await at.store.pools.setStatus(poolId('none'), { phase: 'ready', conditions: [] }, {})).outcome).toBe('missing')
    })

    test('a pool is removed only when draining, without containers and without live claims', async () => {
      await givenPool(at.store)
      const { claim, container } = await givenClaim(at.store, 'demo', 'alice')
      const remove = async () => (await at.store.pools.remove(poolId('demo'), {})).outcome
      expect(await remove()).toBe('conflict')
      await at.store.pools.setStatus(poolId('demo'), { phase: 'draining', conditions: [] }, {})
      expect(await remove()).toBe('conflict')
      await at.store.containers.transition(container.id, ['bound'], 'draining', {}, {})
      await at.store.containers.transition(container.id, ['draining'], 'gone', {}, {})
      expect(await remove()).toBe('conflict')
      await moveClaim(at.store, claim.id, ['releasing', 'released'])
      expect(await remove()).toBe('ok')
      expect(await remove()).toBe('missing')
      expect(await at.store.pools.get(poolId('demo'))).toBeUndefined()
      expect((await at.store.claims.get(claim.id))?.state).toBe('released')
    })

    test('a pool of the same id can be made again, and starts empty', async () => {
      await givenPool(at.store, 'demo', { maxSize: 1 })
      await givenContainer(at.store, 'demo', 'gone')
      await at.store.pools.setStatus(poolId('demo'), { phase: 'draining', conditions: [] }, {})
      await at.store.pools.remove(poolId('demo'), {})
      await givenPool(at.store, 'demo', { maxSize: 1 })
      expect(await at.store.containers.warmIds(poolId('demo'), 5)).toEqual([])
      await givenContainer(at.store, 'demo', 'warm')
      expect(await at.store.containers.warmIds(poolId('demo'), 5)).toHaveLength(1)
    })

    test('pools page by id, of all workloads or one', async () => {
      for (const id of ['b', 'a', 'd']) await givenPool(at.store, id)
      await givenPool(at.store, 'c', { workloadId: 'other' })
      const all = await everyPage((query) => at.store.pools.list(query), 3)
      expect([all.items.map((pool) => String(pool.id)), all.pages]).toEqual([['a', 'b', 'c', 'd'], 2])
      const one = await everyPage((query) => at.store.pools.list({ ...query, workloadId: workloadId('echo') }), 2)
      expect([one.items.map((pool) => String(pool.id)), one.pages]).toEqual([['a', 'b', 'd'], 2])
    })
  })
}
