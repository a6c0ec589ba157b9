import type { EventRecord } from '@boilerhouse/resources'
import { describe, expect, test } from 'bun:test'

import type { Store } from '../store.ts'
import { cursorOf, event, eventsAfter, everyPage, faultOf, poolId, tenantId } from './seed.ts'
import type { StoreUnderTest } from './store-under-test.ts'

export function eventConformance(at: StoreUnderTest): void {
  const send = (n: number, more: Parameters<typeof event>[2] = {}, store: Store = at.store) =>
    store.events.append(event('server.started', `server/${n}`, { data: { n }, ...more }))
  /** Appends, and waits until it can be read. */
  const append = async (n: number, more: Parameters<typeof event>[2] = {}) => {
    const from = await at.store.events.head()
    await send(n, more)
    await cursorOf(at.store, from, (record) => record.data['n'] === n)
  }
  const numbers = (events: readonly EventRecord[]) => events.map((record) => record.data['n'])
  const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i)

  describe('events', () => {
    test('an event comes back whole, with its time, version and place', async () => {
      const input = event('container.claimed', 'container/c1', {
        tenantId: tenantId('alice'),
        poolId: poolId('demo'),
        revision: 4,
        correlationId: 'r-1',
        data: { resources: { cpus: 1 }, text: "ü 'quoted' \\ ✓", list: [1, null] },
      })
      const before = at.clock.nowMs()
      await at.store.events.append(input)
      await cursorOf(at.store, '', () => true)
      const [record] = await eventsAfter(at.store, '')
      expect(record).toMatchObject({ ...input, version: 1 })
      expect(record?.timeMs).toBeGreaterThanOrEqual(Math.floor(before) - 1000)
      expect(record?.timeMs).toBeLessThan(before + 60_000)
      expect(record?.cursor).not.toBe('')
    })

    test('reading in pages of any size gives every event once, in order', async () => {
      for (const n of range(0, 25)) await append(n)
      for (const limit of [1, 7, 25, 100]) expect(numbers(await eventsAfter(at.store, '', limit))).toEqual(range(0, 25))
      const seqs = (await eventsAfter(at.store, '')).map((record) => record.seq)
      expect(seqs).toEqual(seqs.toSorted((a, b) => a - b))
      expect(new Set(seqs).size).toBe(25)
    })

    test("each event's own cursor resumes right after it, also in another process", async () => {
      for (const n of range(0, 6)) await append(n)
      const events = await eventsAfter(at.store, '')
      const peer = await at.connect()
      for (const [i, record] of events.entries()) expect(numbers(await eventsAfter(peer, record.cursor))).toEqual(range(i + 1, 6))
    })

    test('the head is after everything so far: only what comes later is read from it', async () => {
      const empty = await at.store.events.head()
      await append(0)
      expect(numbers(await eventsAfter(at.store, empty))).toEqual([0])
      const head = await at.store.events.head()
      expect(await at.store.events.read({ cursor: head, limit: 10 })).toEqual({ items: [], cursor: head })
      await append(1)
      expect(numbers(await eventsAfter(at.store, head))).toEqual([1])
    })

    test('300 writes of two processes at once while a reader tails: each event once, none left out, in one order', async () => {
      const peer = await at.connect()
      const read: EventRecord[] = []
      let cursor = ''
      const limitMs = performance.now() + 10_000
      const tail = async () => {
        while (read.length < 300 && performance.now() < limitMs) {
          const page = await at.store.events.read({ cursor, limit: 7 })
          read.push(...page.items)
          cursor = page.cursor
          await new Promise((resolve) => setTimeout(resolve, 0))
        }
      }
      const tailing = tail()
      await Promise.all(range(0, 300).map((n) => send(n, {}, n % 2 ? peer : at.store)))
      await tailing
      expect(numbers(read).toSorted((a, b) => Number(a) - Number(b))).toEqual(range(0, 300))
      expect(await eventsAfter(at.store, '')).toEqual(read)
    })

    test.each([
      ['tenant', { tenantId: tenantId('a') }, [0, 3]],
      ['pool', { poolId: poolId('p') }, [1, 3]],
      ['type', { types: ['pool.created', 'pool.updated'] }, [1, 2]],
      ['subject', { subject: 'server/2' }, [2]],
      ['tenant and pool', { tenantId: tenantId('a'), poolId: poolId('p') }, [3]],
      ['nothing that there is', { tenantId: tenantId('nobody') }, []],
    ] as const)('a filter by %s lets through what fits, and the cursor moves past the rest', async (_, filter, fitting) => {
      await append(0, { tenantId: tenantId('a') })
      await append(1, { poolId: poolId('p'), type: 'pool.created' })
      await append(2, { type: 'pool.updated' })
      await append(3, { tenantId: tenantId('a'), poolId: poolId('p') })
      await append(4)
      const page = await at.store.events.read({ cursor: '', limit: 10, filter })
      expect(numbers(page.items)).toEqual([...fitting])
      expect(numbers(await eventsAfter(at.store, page.cursor))).toEqual([])
      expect(numbers(await eventsAfter(at.store, '', 1, filter))).toEqual([...fitting])
      const activity = await everyPage((query) => at.store.events.activity({ ...query, filter }), 1)
      expect(numbers(activity.items)).toEqual([...fitting].toReversed())
    })

    test('a filter by time takes from (inclusive) and to (exclusive)', async () => {
      for (const n of range(0, 3)) {
        await append(n)
        at.clock.advance(1000)
      }
      const times = (await eventsAfter(at.store, '')).map((record) => record.timeMs)
      const filter = { fromMs: times[1]!, toMs: times[2]! }
      expect(numbers(await eventsAfter(at.store, '', 10, filter))).toEqual([1])
    })

    test('the activity log pages from the newest to the oldest, steady while new events come', async () => {
      for (const n of range(0, 10)) await append(n)
      const first = await at.store.events.activity({ limit: 4 })
      expect(numbers(first.items)).toEqual([9, 8, 7, 6])
      await append(10)
      const second = await at.store.events.activity({ limit: 4, cursor: first.nextCursor ?? '' })
      expect(numbers(second.items)).toEqual([5, 4, 3, 2])
      const third = await at.store.events.activity({ limit: 4, cursor: second.nextCursor ?? '' })
      expect([numbers(third.items), third.nextCursor]).toEqual([[1, 0], undefined])
      expect((await at.store.events.activity({ limit: 11 })).nextCursor).toBeUndefined()
    })

    test.each(['nonsense', '1', 'éé', "'; drop table events; --"])(
      'the cursor %p was never given out: request.invalid, or nothing',
      async (cursor) => {
        await append(0)
        const code = await faultOf(at.store.events.read({ cursor, limit: 10 }))
        expect(['request.invalid', ...(cursor === '1' ? ['none'] : [])]).toContain(code)
        expect(['request.invalid', ...(cursor === '1' ? ['none'] : [])]).toContain(
          await faultOf(at.store.events.activity({ cursor, limit: 10 })),
        )
      },
    )
  })

  describe('waiting for events', () => {
    test('a wait ends when something is appended', async () => {
      const seen = at.store.events.generation()
      const waiting = at.store.events.wait(seen, 20_000)
      await append(1)
      await waiting
      expect(at.store.events.generation()).not.toBe(seen)
    })

    test('a wait ends when another process appends', async () => {
      const peer = await at.connect()
      const waiting = at.store.events.wait(at.store.events.generation(), 20_000)
      await send(1, {}, peer)
      await waiting
      await cursorOf(at.store, '', (record) => record.data['n'] === 1)
    })

    test('an append between taking the number and waiting is not missed', async () => {
      const seen = at.store.events.generation()
      await append(1)
      await at.store.events.wait(seen, 20_000)
    })

    test('a wait ends after its time, or when it is aborted', async () => {
      await at.store.events.wait(at.store.events.generation(), 5)
      const abort = new AbortController()
      const waiting = at.store.events.wait(at.store.events.generation(), 20_000, abort.signal)
      abort.abort()
      await waiting
    })
  })

  describe('retention', () => {
    test('prune removes what is older; a cursor before what is gone is expired, later ones go on', async () => {
      for (const n of range(0, 3)) await append(n)
      const old = await eventsAfter(at.store, '')
      const before = at.clock.nowMs() + 500
      at.clock.advance(1000)
      for (const n of range(3, 5)) await append(n)
      expect(await at.store.events.prune(before)).toBe(3)
      expect(numbers(await eventsAfter(at.store, ''))).toEqual([3, 4])
      expect(await faultOf(at.store.events.read({ cursor: old[0]!.cursor, limit: 10 }))).toBe('event.cursor_expired')
      expect(numbers(await eventsAfter(at.store, old[2]!.cursor))).toEqual([3, 4])
      expect(await at.store.events.prune(before)).toBe(0)
    })

    test('the cursor of a log that was empty expires too, once events after it are gone', async () => {
      const empty = await at.store.events.head()
      await append(0)
      await at.store.events.prune(at.clock.nowMs() + 1)
      expect(await faultOf(at.store.events.read({ cursor: empty, limit: 10 }))).toBe('event.cursor_expired')
    })

    test('the head of a log that was pruned to the end still resumes without a gap', async () => {
      await append(0)
      const head = await at.store.events.head()
      await at.store.events.prune(at.clock.nowMs() + 1)
      await append(1)
      expect(numbers(await eventsAfter(at.store, head))).toEqual([1])
    })

    test('what a durable reader has yet to read is kept, until it moves on or is removed', async () => {
      for (const n of range(0, 6)) await append(n)
      const events = await eventsAfter(at.store, '')
      const { readers } = at.store.events
      await readers.set('billing', events[1]!.cursor)
      await readers.set('relay', events[3]!.cursor)
      expect(await readers.get('billing')).toBe(events[1]!.cursor)
      const far = at.clock.nowMs() + 1000
      expect(await at.store.events.prune(far)).toBe(2)
      expect(numbers(await eventsAfter(at.store, events[1]!.cursor))).toEqual([2, 3, 4, 5])
      await readers.set('billing', events[4]!.cursor)
      expect(await at.store.events.prune(far)).toBe(2)
      await readers.remove('relay')
      expect(await at.store.events.prune(far)).toBe(1)
      await readers.remove('billing')
      expect(await readers.get('billing')).toBeUndefined()
      expect(await at.store.events.prune(far)).toBe(1)
    })

    test('a durable reader that has read nothing holds everything back', async () => {
      const empty = await at.store.events.head()
      await at.store.events.readers.set('billing', empty)
      await append(0)
      expect(await at.store.events.prune(at.clock.nowMs() + 1)).toBe(0)
      expect(numbers(await eventsAfter(at.store, empty))).toEqual([0])
    })
  })
}
