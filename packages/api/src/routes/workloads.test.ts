import { mkdir, mkdtemp, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test'

import { createBed, demoWorkload, until, type Bed } from '../bed.fixture.ts'

setDefaultTimeout(20_000)
let bed: Bed
let workloadsDir: string
let keyOfViewer: string
beforeAll(async () => {
  workloadsDir = await mkdtemp(join(tmpdir(), 'bh-api-'))
  await mkdir(join(workloadsDir, 'app'))
  await symlink('/etc', join(workloadsDir, 'planted'))
  bed = await createBed({ on: 'postgres', workloadsDir, allowNetworks: ['lan'], envAllow: ['TZ'] })
  keyOfViewer = await bed.makeKey({ role: 'viewer' })
})
afterAll(async () => {
  await bed[Symbol.asyncDispose]()
  await rm(workloadsDir, { recursive: true })
})

const create = (changes: Record<string, unknown>, options = {}) =>
  bed.call('POST', '/api/v1/workloads', { body: { ...demoWorkload, ...changes }, ...options })
const ids = async () => (await bed.call('GET', '/api/v1/workloads?limit=500')).body.items.map(({ id }: { id: string }) => id)

test('201: a workload is made with its defaults, a location and a revision, and becomes ready', async () => {
  const reply = await create({ id: undefined, name: 'My First!' })
  expect(reply.status).toBe(201)
  expect(reply.headers.get('location')).toBe('/api/v1/workloads/my-first')
  expect(reply.headers.get('etag')).toBe(`"${reply.body.revision}"`)
  expect(reply.body).toMatchObject({
    id: 'my-first',
    resources: { cpus: 1, memoryMb: 512, pids: 256, diskMb: 1024 },
    network: { access: 'none' },
    security: { readOnlyRootFilesystem: true, runAsUser: 1000, capabilities: [], init: true },
    warmth: 'running',
  })
  await until(async () => (await bed.call('GET', '/api/v1/workloads/my-first')).body.status.state === 'ready')
})

test('a workload whose image is not there ends in error, with the reason', async () => {
  await create({ id: 'no-image', image: 'nothing:1' })
  await until(async () => (await bed.call('GET', '/api/v1/workloads/no-image')).body.status.state === 'error')
  expect((await bed.call('GET', '/api/v1/workloads/no-image')).body.status.reason).toContain('nothing:1')
})

test('400: a body that is not JSON, not UTF-8, or missing', async () => {
  for (const raw of ['{"name":', 'nonsense', new Uint8Array([0x22, 0xff, 0x22])]) {
    const { status, body } = await bed.call('POST', '/api/v1/workloads', { raw })
    expect([status, body.code]).toEqual([400, 'request.malformed'])
  }
  expect((await bed.call('POST', '/api/v1/workloads')).status).toBe(400)
  expect((await bed.call('GET', '/api/v1/workloads/%zz')).body.code).toBe('request.malformed')
  expect((await bed.call('GET', '/api/v1/workloads?limit=%zz')).body.code).toBe('request.malformed')
})

test('401 and 403: no key, and a key that may only look', async () => {
  expect((await create({ id: 'x1' }, { key: null })).status).toBe(401)
  expect((await create({ id: 'x1' }, { key: keyOfViewer })).status).toBe(403)
  expect(await ids()).not.toContain('x1')
})

test('404, 405, 415 and OPTIONS, HEAD', async () => {
  expect((await bed.call('GET', '/api/v1/workloads/nothing')).body.code).toBe('workload.not_found')
  expect((await bed.call('PUT', '/api/v1/workloads/nothing', { body: demoWorkload })).status).toBe(422) // its id is another
  expect((await bed.call('PUT', '/api/v1/workloads/nothing', { body: { ...demoWorkload, id: undefined } })).status).toBe(404)
  expect((await bed.call('DELETE', '/api/v1/workloads/nothing')).status).toBe(404)
  const patched = await bed.call('PATCH', '/api/v1/workloads/nothing', { body: {} })
  expect([patched.status, patched.headers.get('allow')]).toEqual([405, 'DELETE, GET, HEAD, PUT, OPTIONS'])
  expect(
    (await bed.call('POST', '/api/v1/workloads', { raw: 'a: 1', headers: { 'content-type': 'application/yaml' } })).status,
  ).toBe(415)
  const options = await bed.call('OPTIONS', '/api/v1/workloads', { key: null })
  expect([options.status, options.headers.get('allow'), options.headers.get('access-control-allow-origin')]).toEqual([
    204,
    'POST, GET, HEAD, OPTIONS',
    null,
  ])
  const head = await bed.call('HEAD', '/api/v1/workloads')
  expect([head.status, head.text, head.headers.get('content-type')]).toEqual([200, '', 'application/json'])
  expect((await bed.call('HEAD', '/api/v1/workloads', { key: null })).status).toBe(401)
  expect((await bed.call('GET', '/nothing/here', { key: null })).body.code).toBe('request.not_found')
})

test('409: the id is taken', async () => {
  await create({ id: 'twice' })
  expect((await create({ id: 'twice' })).body.code).toBe('workload.exists')
})

test('413: a body beyond the limit, declared or streamed', async () => {
  const large = `{"name":"${'x'.repeat(5 << 20)}"}`
  expect((await bed.call('POST', '/api/v1/workloads', { raw: large })).body.code).toBe('request.too_large')
  const streamed = new Blob([large]).stream() as ReadableStream<Uint8Array>
  expect((await bed.call('POST', '/api/v1/workloads', { raw: streamed })).status).toBe(413)
})

test('412: a change made on an older revision, and 400 for an If-Match that is none', async () => {
  const { body } = await create({ id: 'revised' })
  const put = (stopTimeoutMs: number, ifMatch: string) =>
    bed.call('PUT', '/api/v1/workloads/revised', {
      body: { ...demoWorkload, id: 'revised', stopTimeoutMs },
      headers: { 'if-match': ifMatch },
    })
  await until(async () => (await bed.call('GET', '/api/v1/workloads/revised')).body.status.state === 'ready')
  const ready = (await bed.call('GET', '/api/v1/workloads/revised')).body
  expect((await put(1, `"${body.revision + 100}"`)).body.code).toBe('request.revision_mismatch')
  const changed = await put(2, `"${ready.revision}"`)
  expect([changed.status, changed.body.generation, changed.body.status.state]).toEqual([200, 2, 'creating'])
  expect((await put(3, `"${ready.revision}"`)).status).toBe(412)
  expect((await put(3, 'nonsense')).status).toBe(400)
  expect((await put(3, '*')).status).toBe(200)
  expect((await bed.call('DELETE', '/api/v1/workloads/revised', { headers: { 'if-match': '"1"' } })).status).toBe(412)
})

test('the same PUT again rolls nothing, unless a rebuild is asked for', async () => {
  await create({ id: 'same' })
  await until(async () => (await bed.call('GET', '/api/v1/workloads/same')).body.status.state === 'ready')
  const put = (query = '') => bed.call('PUT', `/api/v1/workloads/same${query}`, { body: { ...demoWorkload, id: 'same' } })
  expect((await put()).body.generation).toBe(1)
  expect((await put('?rebuild=true')).body.generation).toBe(2)
})

test.each([
  ['an unknown field', { nonsense: 1 }, '/nonsense'],
  ['a wrong type', { ports: 'all' }, '/ports'],
  ['an id that is no DNS label', { id: 'No_Label' }, '/id'],
  ['no image and no build', { image: undefined }, '/image'],
  ['two probes', { healthCheck: { tcp: { port: 1 }, http: { port: 1 } } }, '/healthCheck'],
  ['a container path in /proc', { volumes: { state: { containerPath: '/proc/x' } } }, '/volumes/state/containerPath'],
  ['nested container paths', { volumes: { state: { containerPath: '/a' }, comm: { containerPath: '/a/b' } } }, '/volumes'],
  ['a remote $ref', { configSchema: { $ref: 'https://example.com/s.json' } }, '/configSchema'],
  ["a running workload with a tenant's value", { environment: { A: '${tenantId}' } }, '/environment/A'],
  ['an environment variable that is not on the allow list', { environment: { A: '${env:HOME}' } }, '/environment/A'],
  ['a NUL', { metadata: { a: '\0' } }, '/metadata/a'],
  ['half a surrogate pair', { metadata: { a: '\ud800' } }, '/metadata/a'],
])('422 with a pointer, and nothing made: %s', async (_name, changes, pointer) => {
  const reply = await create({ id: 'invalid', ...changes })
  expect(reply.status).toBe(422)
  expect(reply.body.errors.map((error: { pointer: string }) => error.pointer).join(' ')).toContain(pointer)
  expect(await ids()).not.toContain('invalid')
})

test.each([
  ['a network nobody listed', { security: { networkMode: 'host' } }, 'workload.network_not_allowed'],
  ['a runtime the engine has not', { security: { runtime: 'runsc' } }, 'workload.feature_unavailable'],
  ['GPUs where there are none', { resources: { gpus: 1 } }, 'workload.feature_unavailable'],
  ['a build context outside', { image: undefined, build: { context: '/etc' } }, 'workload.context_outside'],
  ['a build context that climbs out', { image: undefined, build: { context: '../..' } }, 'workload.context_outside'],
  ['a build context behind a link', { image: undefined, build: { context: 'planted' } }, 'workload.context_outside'],
  ['a build context that is not there', { image: undefined, build: { context: 'nothing' } }, 'workload.context_outside'],
])('422 with its own code: %s', async (_name, changes, code) => {
  const reply = await create({ id: 'invalid', ...changes })
  expect([reply.status, reply.body.code]).toEqual([422, code])
  expect(await ids()).not.toContain('invalid')
})

test('more CPUs than the host has are 422 at creation and at a change, and the answer says how many it has', async () => {
  const { cpus = 0 } = bed.runtime.capabilities
  expect((await create({ id: 'wide', resources: { cpus } })).status).toBe(201)
  const refused = [
    await create({ id: 'invalid', resources: { cpus: cpus + 0.5 } }),
    await bed.call('PUT', '/api/v1/workloads/wide', { body: { ...demoWorkload, id: 'wide', resources: { cpus: cpus + 1 } } }),
  ]
  for (const { status, body } of refused) {
    expect([status, body.code]).toEqual([422, 'workload.feature_unavailable'])
    expect(body.errors).toEqual([{ pointer: '/resources/cpus', detail: expect.stringContaining(`${cpus} CPUs`) }])
  }
  expect(await ids()).not.toContain('invalid')
  expect((await bed.call('GET', '/api/v1/workloads/wide')).body.resources.cpus).toBe(cpus)
})

test('a network on the list is allowed', async () => {
  expect((await create({ id: 'lan', security: { networkMode: 'lan' } })).status).toBe(201)
})

test('a build is logged, and its log can be followed to its end', async () => {
  expect((await create({ id: 'built', image: undefined, build: { context: 'app' } })).status).toBe(201)
  const log = await bed.call('GET', '/api/v1/workloads/built/build-log?follow=true')
  expect([log.status, log.headers.get('content-type')]).toEqual([200, 'text/plain; charset=utf-8'])
  expect(log.text).toContain('Built built')
  expect((await bed.call('GET', '/api/v1/workloads/built/build-log')).text).toContain('Built built')
  expect((await bed.call('GET', '/api/v1/workloads/nothing/build-log')).status).toBe(404)
})

test('DELETE is 204, and 409 while a pool uses the workload', async () => {
  await create({ id: 'used' })
  await bed.call('POST', '/api/v1/pools', { body: { id: 'uses', workloadId: 'used', minSize: 0 } })
  expect((await bed.call('DELETE', '/api/v1/workloads/used')).body.code).toBe('workload.in_use')
  await create({ id: 'unused' })
  expect((await bed.call('DELETE', '/api/v1/workloads/unused')).status).toBe(204)
  expect((await bed.call('GET', '/api/v1/workloads/unused')).status).toBe(404)
})

test('lists are paged: every one once, by cursor; a limit beyond 500 and a foreign cursor are 422', async () => {
  const seen: string[] = []
  let query = '?limit=3'
  for (;;) {
    const { body } = await bed.call('GET', `/api/v1/workloads${query}`)
    expect(body.items.length).toBeLessThanOrEqual(3)
    seen.push(...body.items.map(({ id }: { id: string }) => id))
    if (body.nextCursor === undefined) break
    query = `?limit=3&cursor=${encodeURIComponent(body.nextCursor)}`
  }
  expect(seen).toEqual(await ids())
  for (const wrong of ['limit=501', 'limit=0', 'limit=x', 'limit=1&limit=2', 'nonsense=1', 'cursor=%00']) {
    expect((await bed.call('GET', `/api/v1/workloads?${wrong}`)).status).toBe(422)
  }
})

test('an image can be looked at; one that is not there is 422', async () => {
  expect((await bed.call('GET', '/api/v1/images/inspect?image=echo:1')).status).toBe(200)
  expect((await bed.call('GET', '/api/v1/images/inspect?image=nothing')).body.code).toBe('runtime.image_not_found')
})

test('503 with Retry-After when the engine does not answer', async () => {
  bed.runtime.control.failNext('inspectImage')
  const reply = await bed.call('GET', '/api/v1/images/inspect?image=echo:1')
  expect([reply.status, reply.body.code, reply.headers.get('retry-after')]).toEqual([503, 'runtime.unavailable', '1'])
})
