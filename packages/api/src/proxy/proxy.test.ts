import { afterAll, beforeAll, describe, expect, test } from 'bun:test'

import type { ContainerId } from '@boilerhouse/base'
import { createSecretBox, systemClock } from '@boilerhouse/base'

import { createBed, until, type Bed } from '../bed.fixture.ts'
import { createProxy } from './proxy.ts'
import { hostLabel } from './proxy-url.ts'
import type { Listening } from '../server.ts'

let bed: Bed
let proxy: Listening
/** What runs in the container: it tells what it was sent. */
let inside: Bun.Server<{ protocol: string }>
let aliceKey: string
let bobKey: string
let base: string

beforeAll(async () => {
  inside = Bun.serve<{ protocol: string }>({
    port: 0,
    hostname: '127.0.0.1',
    idleTimeout: 0,
    async fetch(request, server) {
      const url = new URL(request.url)
      if (request.headers.get('upgrade') === 'websocket') {
        const offered = request.headers.get('sec-websocket-protocol')
        const headers = offered === null ? {} : { 'sec-websocket-protocol': offered.split(',')[0] ?? '' }
        return server.upgrade(request, {
          data: { protocol: JSON.stringify(Object.fromEntries(request.headers)) },
          headers: headers as Record<string, string>,
        })
          ? undefined
          : new Response('no', { status: 400 })
      }
      if (url.pathname === '/set-cookies') {
        const headers = new Headers({
          location: '/next',
          'service-worker-allowed': '/',
          connection: 'x-hop',
          'x-hop': '1',
          'clear-site-data': '"*"',
          'strict-transport-security': 'max-age=1',
          'alt-svc': 'h3=":1"',
          nel: '{}',
        })
        headers.append('set-cookie', 'bh_proxy=evil; Path=/')
        headers.append('set-cookie', 'own=1; Path=/; Domain=example.com; HttpOnly')
        return new Response('moved', { status: 302, headers })
      }
      if (url.pathname === '/sse') {
        return new Response(
          (async function* () {
            for (let i = 0; i < 3; i++) {
              yield `data: ${i}\n\n`
              await Bun.sleep(40)
            }
          })() as never,
          { headers: { 'content-type': 'text/event-stream' } },
        )
      }
      if (url.pathname === '/forever') {
        return new Response(
          (async function* () {
            for (;;) {
              yield 'still here\n'
              await Bun.sleep(50)
            }
          })() as never,
        )
      }
      if (url.pathname === '/gzip') {
        return new Response(Bun.gzipSync('hello '.repeat(1000)), { headers: { 'content-encoding': 'gzip' } })
      }
      if (url.pathname === '/count') {
        let size = 0
        if (request.body) for await (const chunk of request.body) size += chunk.byteLength
        return new Response(String(size))
      }
      return Response.json({
        method: request.method,
        url: request.url.slice(request.url.indexOf('/', 8)),
        headers: Object.fromEntries(request.headers),
        body: await request.text(),
      })
    },
    websocket: {
      open: (socket) => void socket.send(socket.data.protocol),
      message(socket, message) {
        if (message === 'bye') socket.close(4001, 'as asked')
        else socket.send(message)
      },
    },
  })
  bed = await createBed()
  await bed.demo({
    workload: {
      ports: [
        { name: 'http', containerPort: inside.port },
        { name: 'dead', containerPort: 1 },
        { name: 'raw', containerPort: 5, protocol: 'tcp' },
      ],
    },
  })
  proxy = createProxy({
    ...bed,
    auth: bed.api.auth,
    tickets: bed.api.tickets,
    clock: systemClock,
    log: { debug() {}, info() {}, warn() {}, error: console.error, child: () => ({}) as never },
    box: createSecretBox('a key of the test bed'),
    domain: 'box.test',
  }).listen({ host: '127.0.0.1', port: 0 })
  aliceKey = await bed.makeKey({ role: 'tenant', tenantId: 'alice@x', pools: ['demo'] })
  bobKey = await bed.makeKey({ role: 'tenant', tenantId: 'bob', pools: ['demo'] })
  const claimed = await bed.call('POST', '/api/v1/tenants/alice@x/claim', { key: aliceKey, body: { poolId: 'demo' } })
  await moveTo(claimed.body.containerId)
  base = `${proxy.url}/t/alice%40x/demo/http`
})
afterAll(async () => {
  await proxy.stop(100)
  await bed[Symbol.asyncDispose]()
  await inside.stop(true)
})

/** The fake engine's containers answer nowhere: this one answers where `inside` does. */
async function moveTo(containerId: string): Promise<void> {
  await bed.store.containers.patch(containerId as ContainerId, ['bound'], { address: { ip: '127.0.0.1', hostPorts: {} } }, {})
}

/** Of answers of every shape, the tests look at what they know is there. */
const jsonOf = async (reply: Response | Promise<Response>) => (await (await reply).json()) as Record<string, any> // oxlint-disable-line typescript/no-explicit-any -- see above

const as = (key: string, more: Record<string, string> = {}) => ({ headers: { authorization: `Bearer ${key}`, ...more } })

async function enter(): Promise<{ cookie: string; location: string; reply: Response }> {
  const { body } = await bed.call('POST', '/api/v1/tenants/alice@x/proxy-ticket', { key: aliceKey, body: { portName: 'http' } })
  const path = new URL(body.url)
  const reply = await fetch(`${proxy.url}${path.pathname}${path.search}&a=1`, { redirect: 'manual' })
  return { cookie: reply.headers.getSetCookie()[0]?.split(';')[0] ?? '', location: reply.headers.get('location') ?? '', reply }
}

describe('a program with a key', () => {
  test('reaches its own container, path and query as they came', async () => {
    const reply = await fetch(`${base}/a%2Fb/c?x=%20y&ticket=own`, { ...as(aliceKey), method: 'POST', body: 'text' })
    const told = await jsonOf(reply)
    expect([reply.status, told.method, told.url, told.body]).toEqual([200, 'POST', '/a%2Fb/c?x=%20y&ticket=own', 'text'])
  })

  test('Authorization and our cookies never reach a container', async () => {
    const told = await jsonOf(
      fetch(
        `${base}/`,
        as(aliceKey, { cookie: 'a=1; bh_proxy=secret; b=2', 'x-forwarded-for': '6.6.6.6', 'x-forwarded-user': 'root' }),
      ),
    )
    expect(told.headers.authorization).toBeUndefined()
    expect(told.headers.cookie).toBe('a=1; b=2')
    expect(told.headers['x-forwarded-for']).toBe('127.0.0.1')
    expect(told.headers['x-forwarded-user']).toBeUndefined()
    expect(told.headers['x-forwarded-prefix']).toBe('/t/alice%40x/demo/http')
    expect(JSON.stringify(told)).not.toContain(aliceKey)
  })

  test("another tenant's container is 404, exactly as one that holds nothing", async () => {
    const theirs = await fetch(`${base}/`, as(bobKey))
    const nobodys = await fetch(`${proxy.url}/t/nobody/demo/http/`, as(bobKey))
    expect([theirs.status, nobodys.status]).toEqual([404, 404])
    const [a, b] = [await jsonOf(theirs), await jsonOf(nobodys)]
    expect(a.code).toBe(b.code)
    expect(a.detail.replace('alice@x', '?')).toBe(b.detail.replace('nobody', '?'))
  })

  test('no key is 401, a wrong one 401, a viewer 403, an unknown port 404, a tcp port 404, a dead port 502, another path 404', async () => {
    const viewer = await bed.makeKey({ role: 'viewer' })
    const statuses = await Promise.all([
      fetch(`${base}/`),
      fetch(`${base}/`, as('nonsense')),
      fetch(`${base}/`, as(viewer)),
      fetch(`${proxy.url}/t/alice%40x/demo/nope/`, as(aliceKey)),
      fetch(`${proxy.url}/t/alice%40x/demo/raw/`, as(aliceKey)),
      fetch(`${proxy.url}/t/alice%40x/demo/dead/`, as(aliceKey)),
      fetch(`${proxy.url}/api/v1/pools`, as(aliceKey)),
      fetch(`${proxy.url}/t/%zz/demo/http/`, as(aliceKey)),
    ])
    expect(statuses.map(({ status }) => status)).toEqual([401, 401, 403, 404, 404, 502, 404, 404])
    for (const reply of statuses) expect(reply.headers.get('content-type')).toBe('application/problem+json')
  })

  test('a container sets no cookie of our name, none for other hosts, none outside its path, and no worker over its neighbours', async () => {
    const reply = await fetch(`${base}/set-cookies`, { ...as(aliceKey), redirect: 'manual' })
    expect(reply.status).toBe(302)
    expect(reply.headers.getSetCookie()).toEqual(['own=1; HttpOnly; Path=/t/alice%40x/demo/http/'])
    expect(reply.headers.get('location')).toBe('/t/alice%40x/demo/http/next')
    for (const name of ['service-worker-allowed', 'x-hop', 'clear-site-data', 'strict-transport-security', 'alt-svc', 'nel'])
      expect(reply.headers.get(name)).toBeNull()
  })

  test('streams are passed on as they come', async () => {
    const reply = await fetch(`${base}/sse`, as(aliceKey))
    const times: number[] = []
    for await (const chunk of reply.body ?? []) if (chunk.byteLength > 0) times.push(performance.now())
    expect(times.length).toBeGreaterThanOrEqual(3)
    expect((times.at(-1) ?? 0) - (times[0] ?? 0)).toBeGreaterThan(50)
  })

  test('a large body goes through without being held', async () => {
    const chunk = new Uint8Array(1 << 20)
    const body = new ReadableStream({
      pull(controller) {
        if (chunk[0]! >= 64) return controller.close()
        chunk[0]!++
        controller.enqueue(new Uint8Array(chunk))
      },
    })
    const before = process.memoryUsage.rss()
    const reply = await fetch(`${base}/count`, { ...as(aliceKey), method: 'PUT', body, duplex: 'half' } as RequestInit)
    expect(await reply.text()).toBe(String(64 * (1 << 20)))
    expect(process.memoryUsage.rss() - before).toBeLessThan(200 << 20)
  })

  test('compressed answers stay as they are', async () => {
    const reply = await fetch(`${base}/gzip`, { ...as(aliceKey), decompress: false } as RequestInit)
    expect(reply.headers.get('content-encoding')).toBe('gzip')
    expect(new TextDecoder().decode(Bun.gunzipSync(new Uint8Array(await reply.arrayBuffer())))).toStartWith('hello hello')
  })

  test('use through the proxy is activity', async () => {
    const lastActivity = async () => Date.parse((await bed.call('GET', '/api/v1/tenants/alice@x/status')).body.lastActivityAt)
    const before = await lastActivity()
    await Bun.sleep(5)
    await fetch(`${base}/`, as(aliceKey))
    await bed.claims.flushActivity()
    expect(await lastActivity()).toBeGreaterThan(before)
  })
})

describe('a browser', () => {
  test('exchanges a ticket for a cookie of that path, once, and is sent on without it', async () => {
    const { cookie, location, reply } = await enter()
    expect(reply.status).toBe(303)
    expect(location).toBe('/t/alice%40x/demo/http/?a=1')
    const attributes = reply.headers.getSetCookie()[0] ?? ''
    for (const part of ['HttpOnly', 'SameSite=Lax', 'Path=/t/alice%40x/demo/http;', 'Max-Age='])
      expect(attributes).toContain(part)
    const told = await jsonOf(fetch(`${base}/page`, { headers: { cookie } }))
    expect(told.url).toBe('/page')
    expect(told.headers.cookie).toBeUndefined()
  })

  test('a ticket works once, and only for its own address', async () => {
    const { body } = await bed.call('POST', '/api/v1/tenants/alice@x/proxy-ticket', { body: {} })
    const other = await fetch(`${proxy.url}/t/alice%40x/demo/dead/?ticket=${body.ticket}`, { redirect: 'manual' })
    const again = await fetch(`${base}/?ticket=${body.ticket}`, { redirect: 'manual' })
    const invented = await fetch(`${base}/?ticket=abc`, { redirect: 'manual' })
    expect([other.status, again.status, invented.status]).toEqual([401, 401, 401])
  })

  test('a cookie is good for its own port alone, and dies with the key', async () => {
    const key = await bed.makeKey({ name: 'short-lived', role: 'tenant', tenantId: 'alice@x', pools: ['demo'] })
    const { body } = await bed.call('POST', '/api/v1/tenants/alice@x/proxy-ticket', { key, body: {} })
    const entered = await fetch(`${proxy.url}${new URL(body.url).pathname}?ticket=${body.ticket}`, { redirect: 'manual' })
    const cookie = entered.headers.getSetCookie()[0]?.split(';')[0] ?? ''
    expect((await fetch(`${base}/`, { headers: { cookie } })).status).toBe(200)
    expect((await fetch(`${proxy.url}/t/alice%40x/demo/dead/`, { headers: { cookie } })).status).toBe(401)
    const { items } = (await bed.call('GET', '/api/v1/keys?limit=500')).body
    await bed.call('DELETE', `/api/v1/keys/${items.find(({ name }: { name: string }) => name === 'short-lived').id}`)
    expect((await fetch(`${base}/`, { headers: { cookie } })).status).toBe(401)
  })

  test("a page of another tenant on the shared origin cannot use the cookie, nor can another origin's", async () => {
    const { cookie } = await enter()
    const from = (headers: Record<string, string>, init: RequestInit = {}) =>
      fetch(`${base}/`, { ...init, headers: { cookie, ...headers } })
    const own = `${proxy.url}/t/alice%40x/demo/http/index.html`
    const theirs = `${proxy.url}/t/bob/demo/http/index.html`
    const statuses = await Promise.all([
      from({ 'sec-fetch-site': 'same-origin', referer: own }),
      from({ 'sec-fetch-site': 'same-origin', referer: theirs }),
      from({ 'sec-fetch-site': 'same-origin' }),
      from({ 'sec-fetch-site': 'none', 'sec-fetch-mode': 'navigate' }),
      from({ 'sec-fetch-site': 'same-site', 'sec-fetch-mode': 'cors' }),
      from({ 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' }),
      from({ 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' }, { method: 'POST', body: '' }),
      from({ origin: 'http://evil.example' }),
    ])
    expect(statuses.map(({ status }) => status)).toEqual([200, 403, 403, 200, 403, 200, 403, 403])
  })
})

test('a host name below the domain is an origin of its own', async () => {
  const host = `${hostLabel({ tenantId: 'alice@x', poolId: 'demo', portName: 'http' })}.box.test`
  const told = await jsonOf(fetch(`${proxy.url}/deep?x=1`, as(aliceKey, { host })))
  expect([told.url, told.headers['x-forwarded-host'], told.headers['x-forwarded-prefix']]).toEqual(['/deep?x=1', host, undefined])
  const unknown = await fetch(`${proxy.url}/`, as(aliceKey, { host: `http--${'0'.repeat(32)}.box.test` }))
  expect([unknown.status, (await fetch(`${proxy.url}/`, as(bobKey, { host }))).status]).toEqual([404, 404])
})

describe('a WebSocket', () => {
  const open = (path: string, options: object) => {
    const socket = new WebSocket(`${proxy.url.replace('http', 'ws')}${path}`, options as never)
    socket.binaryType = 'arraybuffer'
    const messages: unknown[] = []
    const closed = new Promise<CloseEvent>((resolve) => socket.addEventListener('close', resolve))
    socket.addEventListener('message', ({ data }) => void messages.push(data))
    return { socket, messages, closed }
  }

  test('reaches the container with its subprotocol, text, bytes and close code, and without the key', async () => {
    const { socket, messages, closed } = open('/t/alice%40x/demo/http/chat', {
      ...as(aliceKey, { cookie: 'bh_proxy=x; c=3' }),
      protocols: ['chat.v1'],
    })
    await until(() => messages.length === 1)
    const headers = JSON.parse(String(messages[0]))
    expect([socket.protocol, headers.authorization, headers.cookie]).toEqual(['chat.v1', undefined, 'c=3'])
    socket.send('hello')
    socket.send(new Uint8Array([1, 2, 3]))
    await until(() => messages.length === 3)
    expect(messages[1]).toBe('hello')
    expect([...new Uint8Array(messages[2] as ArrayBuffer)]).toEqual([1, 2, 3])
    socket.send('bye')
    expect((await closed).code).toBe(4001)
  })

  test("another tenant's is refused, and a dead port too", async () => {
    const refused = open('/t/alice%40x/demo/http/chat', as(bobKey))
    const dead = open('/t/alice%40x/demo/dead/chat', as(aliceKey))
    for (const { closed, messages } of [refused, dead]) {
      expect([1002, 1006]).toContain((await closed).code)
      expect(messages).toEqual([])
    }
  })
})

describe('what opens the door stays at the door', () => {
  const ticketPath = async () => {
    const { body } = await bed.call('POST', '/api/v1/tenants/alice@x/proxy-ticket', {
      key: aliceKey,
      body: { portName: 'http' },
    })
    const { pathname, search } = new URL(body.url)
    return `${pathname}${search}`
  }

  test('a link opened again by a browser that is in: the ticket is spent, and the page never finds it in its address', async () => {
    const { cookie } = await enter()
    const path = await ticketPath()
    const again = await fetch(`${proxy.url}${path}&a=1`, { redirect: 'manual', headers: { cookie } })
    expect([again.status, again.headers.get('location')]).toEqual([303, '/t/alice%40x/demo/http/?a=1'])
    const third = await fetch(`${proxy.url}${path}`, { redirect: 'manual' })
    expect(third.status).toBe(401)
  })

  test('a ticket that comes with a key is not passed on', async () => {
    const told = await jsonOf(fetch(`${proxy.url}${await ticketPath()}&ticket=own&a=1`, as(aliceKey)))
    expect(told.url).toBe('/?ticket=own&a=1')
  })
})

describe('a key that is revoked', () => {
  test('ends the sockets and streams that it opened', async () => {
    const made = await bed.call('POST', '/api/v1/keys', {
      body: { name: 'x', role: 'tenant', tenantId: 'alice@x', pools: ['demo'] },
    })
    const socket = new WebSocket(`${base.replace('http', 'ws')}/ws`, as(made.body.key) as never)
    const closed = new Promise<number>((resolve) => socket.addEventListener('close', ({ code }) => resolve(code)))
    await new Promise((resolve) => socket.addEventListener('message', resolve, { once: true }))
    const stream = await fetch(`${base}/forever`, as(made.body.key))
    const ended = stream.text().then(
      () => 'ended',
      () => 'ended',
    )
    await bed.call('DELETE', `/api/v1/keys/${made.body.id}`)
    const late = Bun.sleep(5_000).then(() => 'still open')
    expect(await Promise.race([closed, late])).toBe(1008)
    expect(await Promise.race([ended, late])).toBe('ended')
  }, 10_000)
})

test('a container that died under its tenant is 503, not a stranger', async () => {
  const { body } = await bed.call('GET', '/api/v1/tenants/alice@x')
  bed.runtime.control.behaviour.startDelayMs = 2_000
  bed.runtime.control.kill(body.claims[0].containerId)
  await until(
    async () => (await bed.call('GET', '/api/v1/tenants/alice@x')).body.claims[0].containerId !== body.claims[0].containerId,
  )
  const reply = await fetch(`${base}/`, as(bed.adminKey))
  expect([502, 503]).toContain(reply.status)
})
