import { afterAll, beforeAll, describe, expect, test } from 'bun:test'

import type { ContainerId, Fault } from '@boilerhouse/base'
import { createSecretBox, silentLogger, systemClock } from '@boilerhouse/base'

import { createBed, until, type Bed } from '../bed.fixture.ts'
import { admit } from './admit.ts'
import type { ProxyDeps } from './proxy-deps.ts'
import { createProxySessions } from './proxy-session.ts'
import { createProxy } from './proxy.ts'
import { hostLabel, tenantLabel } from './proxy-url.ts'
import type { Listening } from '../server.ts'
import { SharedOrigin } from './shared-origin.ts'
import { TenantLabels } from './tenant-labels.ts'

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
  proxy = startProxy()
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

const box = createSecretBox('a key of the test bed')

const startProxy = (more: Partial<ProxyDeps> = {}): Listening =>
  createProxy({
    ...bed,
    auth: bed.api.auth,
    tickets: bed.api.tickets,
    clock: systemClock,
    log: { debug() {}, info() {}, warn() {}, error: console.error, child: () => ({}) as never },
    box,
    domain: 'box.test',
    ...more,
  }).listen({ host: '127.0.0.1', port: 0 })

/** The fake engine's containers answer nowhere: this one answers where `inside` does. */
async function moveTo(containerId: string): Promise<void> {
  await bed.store.containers.patch(containerId as ContainerId, ['bound'], { address: { ip: '127.0.0.1', hostPorts: {} } }, {})
}

/** Of answers of every shape, the tests look at what they know is there. */
const jsonOf = async (reply: Response | Promise<Response>) => (await (await reply).json()) as Record<string, any> // oxlint-disable-line typescript/no-explicit-any -- see above

const as = (key: string, more: Record<string, string> = {}) => ({ headers: { authorization: `Bearer ${key}`, ...more } })

interface Entered {
  readonly cookie: string
  readonly location: string
  /** Where the session's pages lie. */
  readonly room: string
  readonly reply: Response
}

async function enter(key = aliceKey): Promise<Entered> {
  const { body } = await bed.call('POST', '/api/v1/tenants/alice@x/proxy-ticket', { key, body: { portName: 'http' } })
  const path = new URL(body.url)
  const reply = await fetch(`${proxy.url}${path.pathname}${path.search}&a=1`, { redirect: 'manual' })
  const location = reply.headers.get('location') ?? ''
  const cookie = reply.headers.getSetCookie()[0]?.split(';')[0] ?? ''
  return { cookie, location, room: proxy.url + location.replace(/\/\?.*$/, ''), reply }
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
  test('exchanges a ticket for a cookie of a path that nobody can guess, once, and is sent there without it', async () => {
    const { cookie, location, room, reply } = await enter()
    expect(reply.status).toBe(303)
    expect(location).toMatch(/^\/t\/alice%40x\/demo\/http\/~[\w-]{22}\/\?a=1$/)
    const attributes = reply.headers.getSetCookie()[0] ?? ''
    for (const part of ['HttpOnly', 'SameSite=Lax', `Path=${location.slice(0, -'/?a=1'.length)};`, 'Max-Age='])
      expect(attributes).toContain(part)
    expect(attributes).not.toContain('Secure')
    const told = await jsonOf(fetch(`${room}/page?x=1`, { headers: { cookie } }))
    expect([told.url, told.headers.cookie]).toEqual(['/page?x=1', undefined])
    expect(told.headers['x-forwarded-prefix']).toBe(location.slice(0, -'/?a=1'.length))
    expect((await jsonOf(fetch(`${room}?y=1`, { headers: { cookie } }))).url).toBe('/?y=1')
    expect((await enter()).room).not.toBe(room)
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
    const { cookie, room } = await enter(key)
    expect((await fetch(`${room}/`, { headers: { cookie } })).status).toBe(200)
    const dead = room.replace('/demo/http/', '/demo/dead/')
    const bobs = room.replace('/alice%40x/', '/bob/')
    for (const other of [dead, bobs]) expect((await fetch(`${other}/`, { headers: { cookie } })).status).toBe(401)
    const { items } = (await bed.call('GET', '/api/v1/keys?limit=500')).body
    await bed.call('DELETE', `/api/v1/keys/${items.find(({ name }: { name: string }) => name === 'short-lived').id}`)
    expect((await fetch(`${room}/`, { headers: { cookie } })).status).toBe(401)
  })

  test('the cookie opens nothing outside its own path, whatever page a request says it comes from', async () => {
    const [{ cookie, room }, second] = [await enter(), await enter(bed.adminKey)]
    const guess = `${base}/~${'A'.repeat(22)}`
    for (const referer of [`${room}/`, `${base}/`, `${proxy.url}/t/bob/demo/http/`]) {
      const headers = { cookie, referer, 'sec-fetch-site': 'same-origin' }
      const statuses = await Promise.all(
        [base, guess, second.room].map(async (at) => (await fetch(`${at}/`, { headers })).status),
      )
      expect(statuses).toEqual([401, 401, 401])
    }
    // A program's own paths may look like it.
    expect((await jsonOf(fetch(`${guess}/x`, as(aliceKey)))).url).toBe(`/~${'A'.repeat(22)}/x`)
  })

  test('pages of other origins may link to it, and neither ask nor frame; there are no service workers', async () => {
    const { cookie, room } = await enter()
    const from = (headers: Record<string, string>, init: RequestInit = {}) =>
      fetch(`${room}/`, { ...init, headers: { cookie, ...headers } })
    const frame = { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'iframe' }
    const statuses = await Promise.all([
      from({ 'sec-fetch-site': 'same-origin' }),
      from({ 'sec-fetch-site': 'none', 'sec-fetch-mode': 'navigate' }),
      from({ 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' }),
      from({ 'sec-fetch-site': 'same-origin', ...frame }),
      from({ 'sec-fetch-site': 'same-site', 'sec-fetch-mode': 'cors' }),
      from({ 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' }, { method: 'POST', body: '' }),
      from({ 'sec-fetch-site': 'cross-site', ...frame }),
      from({ 'sec-fetch-site': 'same-site', ...frame }),
      from({ origin: 'http://evil.example' }),
      from({ origin: 'null' }),
      from({ 'service-worker': 'script', 'sec-fetch-site': 'same-origin' }),
      from({ 'sec-fetch-dest': 'serviceworker', 'sec-fetch-site': 'same-origin' }),
    ])
    expect(statuses.map(({ status }) => status)).toEqual([200, 200, 200, 200, 403, 403, 403, 403, 403, 403, 403, 403])
  })

  test('what a container sets stays in the session, and its pages tell nobody where they lie', async () => {
    const { cookie, room } = await enter()
    const reply = await fetch(`${room}/set-cookies`, { headers: { cookie }, redirect: 'manual' })
    const { pathname } = new URL(room)
    expect(reply.headers.getSetCookie()).toEqual([`own=1; HttpOnly; Path=${pathname}/`])
    expect(reply.headers.get('location')).toBe(`${pathname}/next`)
    expect(reply.headers.get('referrer-policy')).toBe('origin')
    expect(reply.headers.get('cross-origin-opener-policy')).toBe('same-origin-allow-popups')
  })
})

test('once browsers enter the pages of a second tenant on the shared origin, the log and the doctor are told, once', () => {
  const lines: string[] = []
  const shared = new SharedOrigin({ ...silentLogger, warn: (line) => void lines.push(line) })
  for (const tenantId of ['alice', 'alice']) shared.entered(tenantId)
  expect([lines, shared.warnings()]).toEqual([[], []])
  for (const tenantId of ['bob', 'alice', 'carol']) shared.entered(tenantId)
  expect(lines).toEqual([expect.stringContaining('Set BOILERHOUSE_PROXY_DOMAIN')])
  expect(shared.warnings()).toEqual(lines)
})

describe('a host name below the domain', () => {
  const host = `${hostLabel({ tenantId: 'alice@x', poolId: 'demo', portName: 'http' })}.box.test`

  test('is an origin of its own', async () => {
    const told = await jsonOf(fetch(`${proxy.url}/deep?x=1`, as(aliceKey, { host })))
    expect([told.url, told.headers['x-forwarded-host'], told.headers['x-forwarded-prefix']]).toEqual([
      '/deep?x=1',
      host,
      undefined,
    ])
    expect((await fetch(`${proxy.url}/`, as(bed.adminKey, { host }))).status).toBe(200)
    const unknown = await fetch(`${proxy.url}/`, as(aliceKey, { host: `http--${'0'.repeat(32)}.box.test` }))
    expect([unknown.status, (await fetch(`${proxy.url}/`, as(bobKey, { host }))).status]).toEqual([404, 404])
    expect(await unknown.json()).toMatchObject({ code: 'claim.not_found' })
  })

  test('a ticket gives a cookie of the whole origin, which no path of a shared one takes', async () => {
    const { body } = await bed.call('POST', '/api/v1/tenants/alice@x/proxy-ticket', { key: aliceKey, body: {} })
    const entered = await fetch(`${proxy.url}/x?ticket=${body.ticket}`, { headers: { host }, redirect: 'manual' })
    const cookie = entered.headers.getSetCookie()[0]?.split(';')[0] ?? ''
    expect([entered.status, entered.headers.get('location')]).toEqual([303, '/x'])
    expect(entered.headers.getSetCookie()[0]).toContain('Path=/;')
    const status = async (url: string, headers: Record<string, string>) =>
      (await fetch(url, { headers: { cookie, ...headers } })).status
    const { cookie: ofPath } = await enter()
    expect(await status(`${proxy.url}/x`, { host })).toBe(200)
    expect(await status(`${base}/x`, {})).toBe(401)
    expect(await status(`${proxy.url}/x`, { host, cookie: ofPath })).toBe(401)
    expect(await status(`${proxy.url}/x`, { host: `dead--${host.split('--')[1]}` })).toBe(401)
  })

  test('asks the store nothing for a caller who has proved nothing', async () => {
    let looks = 0
    const claims = {
      all: (...args: Parameters<typeof bed.store.claims.all>) => (looks++, bed.store.claims.all(...args)),
      liveOf: (...args: Parameters<typeof bed.store.claims.liveOf>) => (looks++, bed.store.claims.liveOf(...args)),
    }
    const labels = new TenantLabels(claims, systemClock)
    const deps = { auth: bed.api.auth, tickets: bed.api.tickets, labels, sessions: createProxySessions(box, systemClock) }
    const ask = (headers: Record<string, string>, path = '/') => {
      const placed = { place: { kind: 'host', portName: 'http', tenantLabel: '0'.repeat(32) }, path, prefix: '' } as const
      return admit(new Request('http://x/', { headers }), placed, 'x', deps).catch((error: Fault) => error.code)
    }
    const viewer = await bed.makeKey({ role: 'viewer' })
    const codes = await Promise.all([
      ask({}),
      ask({ cookie: 'bh_proxy=abc' }),
      ask({ cookie: (await enter()).cookie }),
      ask({}, '/?ticket=abc'),
      ask(as(`bhk_${'x'.repeat(43)}`).headers),
      ask(as(viewer).headers),
    ])
    expect(codes).toEqual([
      'auth.required',
      'auth.required',
      'auth.required',
      'auth.ticket_invalid',
      'auth.invalid',
      'auth.forbidden',
    ])
    expect(looks).toBe(0)
    const admins = await Promise.all(Array.from({ length: 50 }, () => ask(as(bed.adminKey).headers)))
    expect(new Set(admins)).toEqual(new Set(['claim.not_found']))
    expect(looks).toBe(1)
  })

  test('is known at once to an admin after the claim, though the store was asked a moment ago', async () => {
    const labels = new TenantLabels(bed.store.claims, systemClock)
    const admin = { role: 'admin' } as const
    const find = (tenantId: string) => labels.find(tenantLabel(tenantId, 'demo'), admin)
    expect(await find('carol')).toBeUndefined()
    await bed.call('POST', '/api/v1/tenants/carol/claim', { body: { poolId: 'demo' } })
    expect(await find('carol')).toEqual({ tenantId: 'carol', poolId: 'demo' })
    await bed.call('POST', '/api/v1/tenants/carol/release', { body: { poolId: 'demo', sync: true } })
  })
})

describe('behind a proxy that ends TLS', () => {
  test('cookies are Secure, and what it says of a request is believed; without BOILERHOUSE_TRUST_PROXY it is not', async () => {
    const behind = startProxy({ trustProxy: true })
    try {
      const { body } = await bed.call('POST', '/api/v1/tenants/alice@x/proxy-ticket', { key: aliceKey, body: {} })
      const entered = await fetch(`${behind.url}/t/alice%40x/demo/http/?ticket=${body.ticket}`, { redirect: 'manual' })
      expect(entered.headers.getSetCookie()[0]).toEndWith('; Secure')
      const said = as(aliceKey, { 'x-forwarded-proto': 'https', 'x-forwarded-for': '6.6.6.6, 203.0.113.9' })
      const seen = async (url: string) => {
        const { headers } = await jsonOf(fetch(`${url}/t/alice%40x/demo/http/`, said))
        return [headers['x-forwarded-proto'], headers['x-forwarded-for']]
      }
      expect(await seen(behind.url)).toEqual(['https', '203.0.113.9'])
      expect(await seen(proxy.url)).toEqual(['http', '127.0.0.1'])
    } finally {
      await behind.stop(100)
    }
  })
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
    const { cookie, room } = await enter()
    const path = await ticketPath()
    const again = await fetch(`${proxy.url}${path}&a=1`, { redirect: 'manual', headers: { cookie } })
    expect([again.status, again.headers.get('location')]).toEqual([303, expect.stringMatching(/\/http\/~[\w-]{22}\/\?a=1$/)])
    const inside = await fetch(`${room}/${path.slice(path.indexOf('?'))}&a=1`, { redirect: 'manual', headers: { cookie } })
    expect([inside.status, inside.headers.get('location')]).toEqual([303, expect.stringMatching(/\/http\/~[\w-]{22}\/\?a=1$/)])
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
