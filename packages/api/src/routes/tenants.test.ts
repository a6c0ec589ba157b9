import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test'

import { createBed, until, type Bed, type CallOptions } from '../bed.fixture.ts'

setDefaultTimeout(20_000)
let bed: Bed
beforeAll(async () => {
  bed = await createBed({ on: 'postgres' })
  await bed.demo({
    pool: { minSize: 3, maxSize: 20 },
    workload: { configSchema: { type: 'object', properties: { greeting: { type: 'string' } }, additionalProperties: false } },
  })
  await bed.demo({ id: 'tiny', pool: { minSize: 1, maxSize: 1 } })
})
afterAll(() => bed[Symbol.asyncDispose]())

const claim = (tenant: string, body: Record<string, unknown> = {}, options: CallOptions = {}) =>
  bed.call('POST', `/api/v1/tenants/${tenant}/claim`, { body: { poolId: 'demo', ...body }, ...options })
const warm = (pool = 'demo', count = 1) =>
  until(async () => (await bed.call('GET', `/api/v1/pools/${pool}`)).body.status.warm >= count)

test('201 for a new claim with every phase timed, 200 for the one that is held', async () => {
  const first = await claim('ann', { config: { greeting: 'hi' }, secrets: { TOKEN: 's3cr3t-value' } })
  expect([first.status, first.body.state, first.body.source]).toEqual([201, 'active', 'pool'])
  expect(first.body.endpoints.http.url).toStartWith('http://127.0.0.1:')
  const timing = first.headers.get('server-timing') ?? ''
  for (const phase of ['bind', 'deliver', 'auth', 'validate', 'total'])
    expect(timing).toMatch(new RegExp(`\\b${phase};dur=[0-9.]+`))
  const second = await claim('ann', { config: { greeting: 'hi' } })
  expect([second.status, second.body.source, second.body.containerId]).toEqual([200, 'existing', first.body.containerId])
})

test('422 with pointers: config against the schema, env names, unknown fields, a tenant id that is a path', async () => {
  expect((await claim('bea', { config: { greeting: 1 } })).body.code).toBe('claim.config_invalid')
  expect((await claim('bea', { env: { 'A-B': '1' } })).body.errors[0].pointer).toStartWith('/env')
  expect((await claim('bea', { nonsense: 1 })).body.errors[0].pointer).toBe('/nonsense')
  expect((await claim('bea', { secrets: { '../x': 'a' } })).status).toBe(422)
  for (const tenant of ['..', '%2e%2e', 'a%2Fb', 'a%00b', 'x'.repeat(257)])
    expect([404, 422]).toContain((await claim(tenant)).status)
  expect((await bed.call('GET', '/api/v1/tenants/bea/status')).body.assigned ?? false).toBe(false)
})

test('404: an unknown pool, a claim that is not held', async () => {
  expect((await claim('cat', { poolId: 'nothing' })).body.code).toBe('pool.not_found')
  expect((await bed.call('POST', '/api/v1/tenants/cat/release', { body: {} })).body.code).toBe('claim.not_found')
  expect((await bed.call('POST', '/api/v1/tenants/cat/touch')).body.code).toBe('claim.not_found')
  expect((await bed.call('POST', '/api/v1/tenants/cat/proxy-ticket')).body.code).toBe('claim.not_found')
})

test('409 with the list where several claims could be meant', async () => {
  await warm('tiny')
  await claim('dan')
  await claim('dan', { poolId: 'tiny' })
  const released = await bed.call('POST', '/api/v1/tenants/dan/release')
  expect([released.status, released.body.code]).toEqual([409, 'claim.ambiguous'])
  expect(JSON.stringify(released.body)).toContain('tiny')
  expect((await bed.call('GET', '/api/v1/tenants/dan/status')).status).toBe(409)
  expect((await bed.call('GET', '/api/v1/tenants/dan/status?poolId=tiny')).body.assigned).toBe(true)
})

test('503 with Retry-After from a pool with no free container', async () => {
  const reply = await claim('eve', { poolId: 'tiny', waitMs: 2000 })
  expect([reply.status, reply.body.code]).toEqual([503, 'pool.exhausted'])
  expect(Number(reply.headers.get('retry-after'))).toBeGreaterThanOrEqual(1)
})

test('200: touch, status, tenants, and release, once', async () => {
  await claim('fay')
  expect((await bed.call('POST', '/api/v1/tenants/fay/touch', { body: { poolId: 'demo' } })).body.assigned).toBe(true)
  const shown = await bed.call('GET', '/api/v1/tenants/fay')
  expect(shown.body.claims[0]).toMatchObject({ poolId: 'demo', state: 'active', configValid: true })
  expect(
    (await bed.call('GET', '/api/v1/tenants?limit=500')).body.items.map((one: { tenantId: string }) => one.tenantId),
  ).toContain('fay')
  const released = await bed.call('POST', '/api/v1/tenants/fay/release')
  expect([released.status, released.body.state]).toEqual([200, 'released'])
  expect((await bed.call('POST', '/api/v1/tenants/fay/release')).status).toBe(404)
})

test('a secret is never in an answer, a log line or an event', async () => {
  await claim('gil', { secrets: { PASSWORD: 'correct-horse-battery' } })
  const seen = [
    (await bed.call('GET', '/api/v1/tenants/gil')).text,
    (await bed.call('GET', '/api/v1/activity?limit=500')).text,
    (await bed.call('GET', '/api/v1/containers?limit=500')).text,
    (await claim('gil', { secrets: { PASSWORD: { nonsense: 'correct-horse-battery' } } })).text,
    bed.logLines.join('\n'),
  ]
  for (const text of seen) expect(text).not.toContain('correct-horse-battery')
  expect((await bed.call('GET', '/api/v1/tenants/gil')).body.claims[0].secretNames).toEqual(['PASSWORD'])
})

test('the same claim fifty times at once under one Idempotency-Key: one container, one body; and again later', async () => {
  await warm()
  const once = () => claim('hal', {}, { headers: { 'idempotency-key': 'hal-1' } })
  const replies = await Promise.all(Array.from({ length: 50 }, once))
  expect(new Set(replies.map(({ text }) => text)).size).toBe(1)
  expect(new Set(replies.map(({ status }) => status))).toEqual(new Set([201]))
  const later = await once()
  expect([later.text, later.headers.get('idempotent-replayed')]).toEqual([replies[0]?.text ?? '', 'true'])
})

test('another body under the same Idempotency-Key is 422; another route or key is another scope', async () => {
  const headers = { 'idempotency-key': 'ida-1' }
  await claim('ida', {}, { headers })
  const other = await claim('ida', { config: { greeting: 'x' } }, { headers })
  expect([other.status, other.body.code]).toEqual([422, 'request.idempotency_mismatch'])
  expect((await claim('ivy', {}, { headers })).status).toBe(201)
  expect((await claim('ida', {}, { headers: { 'idempotency-key': 'é' } }).catch(() => ({ status: 400 }))).status).toBe(400)
})

test('a refused request is not kept: under the same key it is tried again', async () => {
  const headers = { 'idempotency-key': 'jo-1' }
  expect((await claim('jo', { poolId: 'tiny', waitMs: 2000 }, { headers })).status).toBe(503)
  await bed.call('POST', '/api/v1/tenants/dan/release', { body: { poolId: 'tiny' } })
  await warm('tiny')
  expect((await claim('jo', { poolId: 'tiny', waitMs: 2000 }, { headers })).status).toBe(201)
})

test('a caller that hangs up loses nothing: its claim stands, and the repetition finds it', async () => {
  await warm()
  const stop = new AbortController()
  const lost = fetch(`${bed.url}/api/v1/tenants/kim/claim`, {
    method: 'POST',
    headers: { authorization: `Bearer ${bed.adminKey}`, 'content-type': 'application/json', 'idempotency-key': 'kim-1' },
    body: JSON.stringify({ poolId: 'demo' }),
    signal: stop.signal,
  }).catch(() => 'gone')
  await Bun.sleep(1)
  stop.abort()
  await lost
  const found = await claim('kim', {}, { headers: { 'idempotency-key': 'kim-1' } })
  expect([200, 201]).toContain(found.status)
  const { items } = (await bed.call('GET', '/api/v1/containers?tenant=kim')).body
  expect(items.length).toBe(1)
})

test('a ticket into the proxy names its address and expires', async () => {
  await claim('lea')
  const { status, body } = await bed.call('POST', '/api/v1/tenants/lea/proxy-ticket')
  expect(status).toBe(201)
  expect(body.url).toBe(`http://127.0.0.1:3001/t/lea/demo/http/?ticket=${body.ticket}`)
  expect(Date.parse(body.expiresAt) - Date.now()).toBeLessThanOrEqual(60_000)
  expect((await bed.call('POST', '/api/v1/tenants/lea/proxy-ticket', { body: { portName: 'nothing' } })).status).toBe(422)
})

test('a time-out is 504, never 201 with something pending; the next claim goes on where it was', async () => {
  await bed.demo({ id: 'slow', pool: { minSize: 0, maxSize: 2 } })
  bed.runtime.control.behaviour.startDelayMs = 400
  const late = await claim('mia', { poolId: 'slow', waitMs: 50 })
  expect([late.status, late.body.code]).toEqual([504, 'claim.timeout'])
  const next = await claim('mia', { poolId: 'slow' })
  bed.runtime.control.behaviour.startDelayMs = 0
  expect([200, 201]).toContain(next.status)
  expect(next.body.state).toBe('active')
  expect((await bed.call('GET', '/api/v1/containers?tenant=mia')).body.items.length).toBe(1)
})

test('duplicates, bad input and races are told by their own status, never 500', async () => {
  const replies = await Promise.all(
    Array.from({ length: 30 }, (_, i) => [
      claim('racer', {}),
      bed.call('POST', '/api/v1/tenants/racer/release', { body: { poolId: 'demo' } }),
      bed.call('POST', '/api/v1/pools', { body: { id: 'raced', workloadId: 'demo', minSize: 0 } }),
      bed.call('POST', '/api/v1/pools/raced/scale', { body: { size: i % 20 } }),
    ]).flat(),
  )
  for (const { status } of replies) expect([200, 201, 404, 409, 412, 422, 503, 504]).toContain(status)
})
