import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test'

import { createBed, until, type Bed } from '../bed.fixture.ts'

setDefaultTimeout(20_000)
let bed: Bed
beforeAll(async () => {
  bed = await createBed({ on: 'postgres', limits: { keyCacheMs: 200 } })
})
afterAll(() => bed[Symbol.asyncDispose]())

const make = (body: Record<string, unknown>) => bed.call('POST', '/api/v1/keys', { body: { name: 'k', ...body } })
const use = (key: string) => bed.call('GET', '/api/v1/stats', { key })

test('201: the key is shown this once, and kept as a hash', async () => {
  const { status, body } = await make({ role: 'viewer' })
  expect([status, body.key]).toEqual([201, expect.stringMatching(/^bhk_[A-Za-z0-9_-]{43}$/)])
  expect((await use(body.key)).status).toBe(200)
  const listed = await bed.call('GET', '/api/v1/keys')
  expect(listed.text).not.toContain(body.key)
  expect(listed.text).not.toContain('hash')
  expect(listed.body.items.find(({ id }: { id: string }) => id === body.id).lastUsedAt).toBeString()
})

test.each([
  ['an unknown role', { role: 'root' }, '/role'],
  ['a tenant key without tenant', { role: 'tenant' }, '/tenantId'],
  ['a viewer with a tenant', { role: 'viewer', tenantId: 'a' }, '/tenantId'],
  ['an admin with pools', { role: 'admin', pools: ['a'] }, '/pools'],
  ['an end in the past', { role: 'viewer', expiresAt: '2001-01-01T00:00:00Z' }, '/expiresAt'],
  ['a time that is none', { role: 'viewer', expiresAt: 'soon' }, '/expiresAt'],
])('422, and no key made: %s', async (_name, body, pointer) => {
  const before = (await bed.call('GET', '/api/v1/keys?limit=500')).body.items.length
  const reply = await make(body)
  expect([reply.status, reply.body.errors[0].pointer]).toEqual([422, pointer])
  expect((await bed.call('GET', '/api/v1/keys?limit=500')).body.items.length).toBe(before)
})

test('a revoked key is dead at once here, and within its time where only the database knows', async () => {
  const { body } = await make({ role: 'viewer' })
  expect((await use(body.key)).status).toBe(200)
  expect((await bed.call('DELETE', `/api/v1/keys/${body.id}`)).status).toBe(204)
  expect((await use(body.key)).body.code).toBe('auth.invalid')
  expect((await bed.call('DELETE', '/api/v1/keys/nothing')).body.code).toBe('key.not_found')

  const other = (await make({ role: 'viewer' })).body
  expect((await use(other.key)).status).toBe(200)
  await bed.store.keys.revoke(other.id, {}) // another process, whose event never comes
  await until(async () => (await use(other.key)).status === 401, 2_000)
})

test('an expired key is 401', async () => {
  const { body } = await make({ role: 'viewer', expiresAt: new Date(Date.now() + 300).toISOString() })
  expect((await use(body.key)).status).toBe(200)
  await until(async () => (await use(body.key)).status === 401, 2_000)
})

test('429 with Retry-After beyond the rate of the key; other keys go on', async () => {
  const { body } = await make({ role: 'viewer', requestsPerMinute: 5 })
  const replies = []
  for (let i = 0; i < 7; i++) replies.push(await use(body.key))
  expect(replies.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200, 429, 429])
  expect(Number(replies[6]?.headers.get('retry-after'))).toBeGreaterThanOrEqual(1)
  expect(replies[6]?.body.code).toBe('request.rate_limited')
  expect((await use(bed.adminKey)).status).toBe(200)
})

test('the answer to a repeated POST is the same key, and rests sealed in the database', async () => {
  const headers = { 'idempotency-key': 'key-1' }
  const first = await bed.call('POST', '/api/v1/keys', { body: { name: 'k', role: 'viewer' }, headers })
  const again = await bed.call('POST', '/api/v1/keys', { body: { name: 'k', role: 'viewer' }, headers })
  expect(again.text).toBe(first.text)
  const kept = await bed.store.idempotency.begin('admin POST /api/v1/keys', 'key-1', 'unknown')
  expect(JSON.stringify(kept)).not.toContain(first.body.key)
})
