import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test'

import { createBed, until, type Bed } from '../bed.fixture.ts'

setDefaultTimeout(20_000)
let bed: Bed
beforeAll(async () => {
  bed = await createBed({ on: 'postgres' })
  await bed.demo()
})
afterAll(() => bed[Symbol.asyncDispose]())

const create = (body: Record<string, unknown>) =>
  bed.call('POST', '/api/v1/pools', { body: { workloadId: 'demo', minSize: 0, ...body } })

test('201: made with its defaults; 409 where the id is taken', async () => {
  const reply = await create({ name: 'Small Pool' })
  expect(reply.status).toBe(201)
  expect(reply.body).toMatchObject({
    id: 'small-pool',
    maxSize: 10,
    reuse: 'never',
    verifyOnClaim: false,
    status: { phase: 'filling', hitRate: null },
  })
  expect((await create({ id: 'small-pool' })).body.code).toBe('pool.exists')
})

test.each([
  ['no id and no name', {}, '/id'],
  ['a minSize above maxSize', { id: 'bad', minSize: 5, maxSize: 2 }, '/minSize'],
  ['a workload that is not there', { id: 'bad', workloadId: 'nothing' }, '/workloadId'],
  ['an unknown field', { id: 'bad', size: 1 }, '/size'],
  ['a name that gives no id', { name: '!!!' }, '/id'],
])('422 with a pointer, and nothing made: %s', async (_name, body, pointer) => {
  const reply = await create(body)
  expect([reply.status, reply.body.errors?.[0].pointer]).toEqual([422, pointer])
  expect((await bed.call('GET', '/api/v1/pools/bad')).status).toBe(404)
})

test('200, 404: shown with its containers counted', async () => {
  await until(async () => (await bed.call('GET', '/api/v1/pools/demo')).body.status.phase === 'ready')
  const { status, body } = await bed.call('GET', '/api/v1/pools/demo')
  expect([status, body.status.warm, body.status.phase]).toEqual([200, 2, 'ready'])
  expect((await bed.call('GET', '/api/v1/pools/nothing')).body.code).toBe('pool.not_found')
  const listed = await bed.call('GET', '/api/v1/pools?workload=demo')
  expect(listed.body.items.find(({ id }: { id: string }) => id === 'demo').status.warm).toBe(2)
})

test('its containers are listed, by state too', async () => {
  const { body } = await bed.call('GET', '/api/v1/pools/demo/containers?state=warm,starting')
  expect(body.items.length).toBe(2)
  expect(body.items[0].endpoints.http.host).toBe('127.0.0.1')
  expect((await bed.call('GET', '/api/v1/pools/demo/containers?state=nonsense')).status).toBe(422)
  expect((await bed.call('GET', '/api/v1/pools/nothing/containers')).status).toBe(404)
})

test('PUT is 200, 412 on an older revision, 422 for another workload', async () => {
  await create({ id: 'changed' })
  // A controller's words on the phase are a write too: from here on it has nothing more to say.
  const settled = async () => (await bed.call('GET', '/api/v1/pools/changed')).body
  let current = await settled()
  for (; current.status.phase !== 'ready'; current = await settled()) await Bun.sleep(20)
  const put = (body: Record<string, unknown>, headers = {}) =>
    bed.call('PUT', '/api/v1/pools/changed', { body: { workloadId: 'demo', minSize: 0, ...body }, headers })
  const same = await put({})
  expect([same.status, same.body.generation]).toEqual([200, 1])
  const changed = await put({ maxSize: 4 }, { 'if-match': same.headers.get('etag') ?? '' })
  expect([changed.status, changed.body.maxSize]).toEqual([200, 4])
  expect((await put({ maxSize: 5 }, { 'if-match': `"${current.revision}"` })).body.code).toBe('request.revision_mismatch')
  expect((await put({ workloadId: 'other' })).body.errors[0].pointer).toBe('/workloadId')
  expect((await put({ minSize: 9, maxSize: 2 })).status).toBe(422)
  expect((await bed.call('PUT', '/api/v1/pools/nothing', { body: { workloadId: 'demo' } })).status).toBe(404)
})

test('scale sets minSize, says from and to, and is 422 above maxSize', async () => {
  await create({ id: 'scaled', maxSize: 3 })
  const scaled = await bed.call('POST', '/api/v1/pools/scaled/scale', { body: { size: 1 } })
  expect([scaled.status, scaled.body.minSize, scaled.body.maxSize]).toEqual([200, 1, 3])
  const { items } = (await bed.call('GET', '/api/v1/activity?type=pool.scaled&pool=scaled')).body
  expect([items[0].data.from, items[0].data.to, items[0].actor]).toEqual([0, 1, 'key:admin'])
  const above = await bed.call('POST', '/api/v1/pools/scaled/scale', { body: { size: 4 } })
  expect([above.status, above.body.errors[0].pointer]).toEqual([422, '/size'])
  expect((await bed.call('POST', '/api/v1/pools/nothing/scale', { body: { size: 1 } })).status).toBe(404)
  expect((await bed.call('POST', '/api/v1/pools/scaled/scale', { body: { size: 1.5 } })).status).toBe(422)
})

test('many who scale at once all get an answer, and none of their changes is half done', async () => {
  await create({ id: 'contended', maxSize: 10 })
  const replies = await Promise.all(
    Array.from({ length: 8 }, (_, size) => bed.call('POST', '/api/v1/pools/contended/scale', { body: { size: size % 3 } })),
  )
  for (const { status } of replies) expect([200, 412]).toContain(status)
  const { items } = (await bed.call('GET', '/api/v1/activity?type=pool.scaled&pool=contended')).body
  expect(items.length).toBe(replies.filter(({ status }) => status === 200).length)
})

test('DELETE is 202 and drains: claims are released, then the pool is gone; meanwhile changes are 409', async () => {
  await create({ id: 'going', minSize: 1 })
  await until(async () => (await bed.call('GET', '/api/v1/pools/going')).body.status.warm === 1)
  await bed.call('POST', '/api/v1/tenants/zoe/claim', { body: { poolId: 'going' } })
  const gone = await bed.call('DELETE', '/api/v1/pools/going')
  expect([gone.status, gone.body.status.phase]).toEqual([202, 'draining'])
  const changed = await bed.call('POST', '/api/v1/pools/going/scale', { body: { size: 2 } })
  expect([409, 404]).toContain(changed.status)
  const claimed = await bed.call('POST', '/api/v1/tenants/yan/claim', { body: { poolId: 'going' } })
  expect([409, 404]).toContain(claimed.status)
  await until(async () => (await bed.call('GET', '/api/v1/pools/going')).status === 404)
  expect((await bed.call('GET', '/api/v1/tenants/zoe/status')).body.assigned ?? false).toBe(false)
  expect((await bed.call('DELETE', '/api/v1/pools/nothing')).status).toBe(404)
})
