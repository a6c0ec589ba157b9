import { connect, type Socket } from 'node:net'

import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import postgres from 'postgres'

import type { PoolId, TenantId } from '@boilerhouse/base'

import { createBed, until, type Bed } from '../bed.fixture.ts'

setDefaultTimeout(30_000)
const deadlineMs = 20_000

for (const on of ['memory', 'postgres'] as const)
  describe(`events over the ${on} store`, () => {
    let bed: Bed
    let aliceKey: string
    beforeAll(async () => {
      bed = await createBed({ on, withControllers: false, limits: { eventBuffer: 64, keyCacheMs: 300, heartbeatMs: 50 } })
      aliceKey = await bed.makeKey({ role: 'tenant', tenantId: 'alice' })
    })
    afterAll(() => bed[Symbol.asyncDispose]())

    const append = (name: string, tenantId?: string, poolId?: string) =>
      bed.store.events.append({
        type: 'pool.warning',
        actor: 'server',
        subject: `pool/${name}`,
        data: { name },
        ...(tenantId && { tenantId: tenantId as TenantId }),
        ...(poolId && { poolId: poolId as PoolId }),
      })

    /** The names of the events that come, and what else is told. */
    function sse(query = '', { key = bed.adminKey, headers = {} }: { key?: string; headers?: Record<string, string> } = {}) {
      const names: string[] = []
      const cursors: string[] = []
      const told: { event: string; data: string }[] = []
      const stop = new AbortController()
      const done = (async () => {
        const response = await fetch(`${bed.url}/api/v1/events${query}`, {
          headers: { authorization: `Bearer ${key}`, ...headers },
          signal: stop.signal,
        })
        if (!response.ok) return response.status
        let rest = ''
        const decoder = new TextDecoder()
        for await (const bytes of response.body ?? []) {
          const chunk = decoder.decode(bytes, { stream: true })
          const messages = (rest + chunk).split('\n\n')
          rest = messages.pop() ?? ''
          for (const message of messages) {
            const field = (name: string) =>
              message
                .split('\n')
                .find((line) => line.startsWith(`${name}: `))
                ?.slice(name.length + 2)
            const [event, data, id] = [field('event'), field('data'), field('id')]
            if (data === undefined) continue
            if (event !== undefined) told.push({ event, data })
            else {
              const { data: fields, type } = JSON.parse(data)
              names.push(fields.name ?? type)
              cursors.push(id ?? '')
            }
          }
        }
        return response.status
      })().catch(() => 0)
      return {
        names,
        cursors,
        told,
        done,
        stop: () => stop.abort(),
        ready: () => until(() => told.some(({ event }) => event === 'ready'), deadlineMs),
      }
    }

    function socket(
      query = '',
      options: Record<string, unknown> = { headers: { authorization: `Bearer ${bed.adminKey}` } },
      path = '/ws',
    ) {
      const ws = new WebSocket(`${bed.url.replace('http', 'ws')}${path}${query}`, options as never)
      const names: string[] = []
      const cursors: string[] = []
      const told: { kind: string; code?: string; cursor?: string }[] = []
      const closed = new Promise<CloseEvent>((resolve) => ws.addEventListener('close', resolve))
      ws.addEventListener('message', ({ data }) => {
        const message = JSON.parse(String(data))
        if (message.kind !== 'event') return void told.push(message)
        names.push(message.event.data.name ?? message.event.type)
        cursors.push(message.event.cursor)
      })
      return { ws, names, cursors, told, closed, ready: () => until(() => told.length > 0, deadlineMs) }
    }

    test('both streams tell live events, each with the cursor to resume after', async () => {
      // The hub may yet have to hand out what was written before: only what is written from here on counts.
      const query = '?type=pool.warning'
      const [a, b, c] = [sse(query), socket(query), socket(query, undefined, '/api/v1/ws')]
      await Promise.all([a.ready(), b.ready(), c.ready()])
      await append('one')
      await append('two')
      for (const stream of [a, b, c]) await until(() => stream.names.length === 2)
      for (const stream of [a, b, c]) expect(stream.names).toEqual(['one', 'two'])
      expect(a.cursors).toEqual(b.cursors)
      a.stop()
      b.ws.close()
      c.ws.close()
    })

    test('a reconnect loses no event and repeats none, whether it resumes by Last-Event-ID or by cursor', async () => {
      const query = '?type=pool.warning'
      const first = sse(query)
      await first.ready()
      await append('before')
      await until(() => first.names.length === 1)
      first.stop()
      for (let i = 0; i < 700; i++) await append(`gap-${i}`)
      const expected = Array.from({ length: 700 }, (_, i) => `gap-${i}`)
      const byHeader = sse(query, { headers: { 'last-event-id': first.cursors[0] ?? '' } })
      const byCursor = socket(`${query}&cursor=${encodeURIComponent(first.cursors[0] ?? '')}`)
      for (let i = 0; i < 50; i++) await append(`live-${i}`)
      expected.push(...Array.from({ length: 50 }, (_, i) => `live-${i}`))
      for (const stream of [byHeader, byCursor]) await until(() => stream.names.length >= 750, deadlineMs)
      expect(byHeader.names).toEqual(expected)
      expect(byCursor.names).toEqual(expected)
      byHeader.stop()
      byCursor.ws.close()
    })

    test('a burst larger than what the server keeps does not end the streams of readers that keep up', async () => {
      const query = '?tenant=burst'
      const [a, b] = [sse(query), socket(query)]
      await Promise.all([a.ready(), b.ready()])
      // All at once, so that one read of the log finds more of them than the 64 that are kept.
      for (let burst = 0; burst < 3; burst++)
        await Promise.all(Array.from({ length: 200 }, (_, i) => append(`${burst}-${i}`, 'burst')))
      for (const stream of [a, b])
        await until(() => stream.names.length >= 600, deadlineMs).catch(() => expect(stream.told).toEqual([]))
      expect(new Set(a.names).size).toBe(600)
      expect(a.names).toHaveLength(600)
      expect(b.names).toEqual(a.names)
      expect([a.told.length, b.told.length]).toEqual([1, 1])
      a.stop()
      b.ws.close()
    })

    test('resuming anywhere while events are written gives every event after the cursor once, in one order', async () => {
      // Of its own tenant: the hub may yet have to hand out what the test before has read from the store.
      const query = '?tenant=anywhere'
      const whole = socket(query)
      await whole.ready()
      let isWriting = true
      const writer = (async () => {
        for (let i = 0; i < 400; i++) {
          await append(`w-${i}`, 'anywhere')
          if (i % 7 === 0) await Bun.sleep(1)
        }
        isWriting = false
      })()
      const resumed: { from: number; stream: ReturnType<typeof socket> }[] = []
      while (isWriting) {
        await Bun.sleep(8)
        const from = whole.names.length
        if (from > 0 && resumed.length < 12)
          resumed.push({ from, stream: socket(`${query}&cursor=${encodeURIComponent(whole.cursors[from - 1] ?? '')}`) })
      }
      await writer
      await until(() => whole.names.length === 400, deadlineMs)
      for (const { from, stream } of resumed) {
        await until(() => stream.names.length >= 400 - from, deadlineMs)
        expect(stream.names).toEqual(whole.names.slice(from))
        stream.ws.close()
      }
      expect(resumed.length).toBeGreaterThan(3)
      whole.ws.close()
    })

    if (on === 'postgres') {
      test('a late committer is never skipped, neither live nor on resume', async () => {
        const sql = postgres({ ...(bed.connection as object), max: 1 })
        const live = sse()
        await live.ready()
        const start = await bed.store.events.head()
        await sql.begin(async (transaction) => {
          await transaction`insert into events (project_id, type, version, time_ms, actor, subject, data)
        values ('default', 'pool.warning', 1, ${Date.now()}, 'server', 'pool/late', '{"name":"late"}')`
          await append('after')
          await Bun.sleep(150)
          expect(live.names).not.toContain('late')
        })
        await append('last')
        await until(() => live.names.includes('last'), deadlineMs)
        expect(live.names.toSorted()).toEqual(['after', 'last', 'late'])
        const again = sse(`?cursor=${encodeURIComponent(start)}`)
        await until(() => again.names.length >= 3, deadlineMs)
        expect(again.names).toEqual(live.names)
        live.stop()
        again.stop()
        await sql.end()
      })
    }

    test('filters hold, live and in what is caught up with', async () => {
      const start = await bed.store.events.head()
      await append('a', 'alice', 'p')
      await append('b', 'bob', 'p')
      await append('c', 'alice', 'q')
      const query = `?tenant=alice&pool=p&type=pool.warning,pool.scaled&cursor=${encodeURIComponent(start)}`
      const stream = sse(query)
      await until(() => stream.names.length === 1)
      await append('d', 'alice', 'p')
      await append('e', 'bob', 'p')
      await append('f', 'alice', 'p')
      await until(() => stream.names.length === 3)
      expect(stream.names).toEqual(['a', 'd', 'f'])
      stream.stop()
    })

    test("a tenant's key sees its own tenant's events only, and another's stream is 404", async () => {
      const start = await bed.store.events.head()
      await append('mine', 'alice')
      await append('theirs', 'bob')
      await append('nobodys')
      const stream = sse(`?cursor=${encodeURIComponent(start)}`, { key: aliceKey })
      await until(() => stream.names.length === 1)
      await append('theirs again', 'bob')
      await append('mine again', 'alice')
      await until(() => stream.names.length === 2)
      expect(stream.names).toEqual(['mine', 'mine again'])
      const log = await bed.call('GET', '/api/v1/activity', { key: aliceKey })
      expect(log.body.items.every(({ tenantId }: { tenantId: string }) => tenantId === 'alice')).toBe(true)
      expect(await sse('?tenant=bob', { key: aliceKey }).done).toBe(404)
      stream.stop()
    })

    test('no key is 401, a cursor that is none is 422, a plain GET of the WebSocket is 426', async () => {
      expect(await sse('', { key: 'nonsense' }).done).toBe(401)
      expect(await sse('?cursor=nonsense!').done).toBe(422)
      expect((await bed.call('GET', '/ws', { key: null })).status).toBe(401)
      expect((await bed.call('GET', '/ws')).status).toBe(426)
      expect((await bed.call('GET', '/ws?nonsense=1')).status).toBe(422)
    })

    test('streams are not open to any origin: a page of another origin is refused, our own and programs are not', async () => {
      const headers = (origin: string) => ({ authorization: `Bearer ${bed.adminKey}`, origin })
      expect(await sse('', { headers: { origin: 'https://evil.example' } }).done).toBe(403)
      const foreign = socket('', { headers: headers('https://evil.example') })
      const own = socket('', { headers: headers(bed.url) })
      await own.ready()
      expect((await foreign.closed).code).not.toBe(1000)
      expect(foreign.told).toEqual([])
      own.ws.close()
    })

    test('a browser sends its key as a subprotocol, or a ticket that works once; a key in the URL is refused', async () => {
      const byKey = socket('', { protocols: ['boilerhouse.events', `bearer.${aliceKey}`] })
      await byKey.ready()
      expect(byKey.ws.protocol).toBe('boilerhouse.events')
      const { body } = await bed.call('POST', '/api/v1/tickets', { key: aliceKey })
      const byTicket = socket('', { protocols: [`ticket.${body.ticket}`] })
      await byTicket.ready()
      await append('theirs', 'bob')
      await append('seen', 'alice')
      for (const stream of [byKey, byTicket]) await until(() => stream.names.length === 1)
      expect([byKey.names, byTicket.names]).toEqual([['seen'], ['seen']])
      const again = socket('', { protocols: [`ticket.${body.ticket}`] })
      expect((await again.closed).code).not.toBe(1000)
      expect(again.told).toEqual([])
      expect((await bed.call('GET', `/api/v1/events?key=${aliceKey}`, { key: null })).status).toBe(401)
      byKey.ws.close()
      byTicket.ws.close()
    })

    test('a revoked key ends its streams, and says so', async () => {
      const made = await bed.call('POST', '/api/v1/keys', { body: { name: 'short', role: 'viewer' } })
      const options = { headers: { authorization: `Bearer ${made.body.key}` } }
      const [a, b] = [socket('', options), sse('', { key: made.body.key })]
      await Promise.all([a.ready(), b.ready()])
      await bed.call('DELETE', `/api/v1/keys/${made.body.id}`)
      expect((await a.closed).code).toBe(1008)
      await b.done
      expect(a.told.at(-1)).toMatchObject({ kind: 'fault', code: 'auth.invalid' })
      expect(b.told.at(-1)?.data).toContain('auth.invalid')
    })

    test('a key that runs out ends its streams', async () => {
      const expiresAt = new Date(Date.now() + 400).toISOString()
      const key = await bed.makeKey({ role: 'viewer', expiresAt })
      const stream = socket('', { headers: { authorization: `Bearer ${key}` } })
      await stream.ready()
      expect((await stream.closed).code).toBe(1008)
    })

    test('subscribers are counted', async () => {
      const before = (await bed.call('GET', '/api/v1/stats')).body.eventStreams
      const stream = socket()
      await stream.ready()
      expect((await bed.call('GET', '/api/v1/stats')).body.eventStreams).toBe(before + 1)
      expect((await bed.call('GET', '/metrics')).text).toContain(`boilerhouse_event_subscribers ${before + 1}`)
      stream.ws.close()
      await until(async () => (await bed.call('GET', '/api/v1/stats')).body.eventStreams === before)
    })
  })

describe('a slow reader', () => {
  let bed: Bed
  beforeAll(async () => {
    bed = await createBed({ withControllers: false, limits: { eventBuffer: 64, streamBufferBytes: 4096 } })
  })
  afterAll(() => bed[Symbol.asyncDispose]())

  const fill = { text: 'x'.repeat(20_000) }
  const append = () => bed.store.events.append({ type: 'pool.warning', actor: 'server', subject: 'pool/p', data: fill })

  /** A client that asks and then does not read. */
  async function stalled(request: string): Promise<{ socket: Socket; received: () => string }> {
    const { hostname, port } = new URL(bed.url)
    const opened = connect({ host: hostname, port: Number(port) })
    await new Promise((resolve) => opened.once('connect', resolve))
    opened.write(`${request}\r\nhost: ${hostname}:${port}\r\nauthorization: Bearer ${bed.adminKey}\r\n\r\n`)
    opened.pause()
    let received = ''
    opened.on('data', (chunk) => (received += chunk.toString('latin1')))
    opened.pause()
    return { socket: opened, received: () => received }
  }

  const requests = {
    SSE: 'GET /api/v1/events HTTP/1.1',
    WebSocket:
      'GET /ws HTTP/1.1\r\nupgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==',
  }

  test.each(Object.entries(requests))(
    'by %s is told its last cursor and closed; the server holds no more than its bound',
    async (_kind, request) => {
      const before = (await bed.call('GET', '/api/v1/stats')).body.eventStreams
      const { socket, received } = await stalled(request)
      await until(async () => (await bed.call('GET', '/api/v1/stats')).body.eventStreams === before + 1)
      Bun.gc(true)
      const rss = process.memoryUsage.rss()
      for (let i = 0; i < 3_000; i++) {
        await append()
        if (i % 50 === 0) await Bun.sleep(0)
      }
      // Events go on: a reader is slow where they come faster than it reads.
      await until(async () => {
        await append()
        return (await bed.call('GET', '/api/v1/stats')).body.eventStreams === before
      })
      // The memory store keeps 3,000 events of 20 kB itself (they share one text); the stream must not keep them again.
      expect(process.memoryUsage.rss() - rss).toBeLessThan(60 << 20)
      const closed = new Promise((resolve) => socket.once('close', resolve))
      socket.resume()
      await until(() => received().includes('Connect again'))
      const [, cursor] =
        /"cursor":"([^"]+)"[^}]*Connect again/.exec(received().slice(received().indexOf('event.slow_reader'))) ?? []
      expect(cursor).toBeDefined()
      const events = await bed.store.events.read({ cursor: cursor ?? '', limit: 5 })
      expect(events.items.length).toBe(5)
      socket.end()
      await closed
    },
  )
})

test('a server that stops ends its streams with the cursor to go on from', async () => {
  const bed = await createBed({ withControllers: false })
  const ws = new WebSocket(`${bed.url.replace('http', 'ws')}/ws`, {
    headers: { authorization: `Bearer ${bed.adminKey}` },
  } as never)
  const told: { kind: string; code?: string; cursor?: string }[] = []
  ws.addEventListener('message', ({ data }) => void told.push(JSON.parse(String(data))))
  const closed = new Promise<CloseEvent>((resolve) => ws.addEventListener('close', resolve))
  await until(() => told.length === 1)
  await bed[Symbol.asyncDispose]()
  expect((await closed).code).toBe(1001)
  expect(told.at(-1)).toMatchObject({ kind: 'fault', code: 'server.stopping', cursor: told[0]?.cursor ?? '' })
})
