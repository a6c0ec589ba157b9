import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test'

import { Fault, type ContainerId } from '@boilerhouse/base'
import { execResult } from '@boilerhouse/runtime'

import { createBed, until, type Bed } from '../bed.fixture.ts'

setDefaultTimeout(20_000)
let bed: Bed
let id: string
beforeAll(async () => {
  bed = await createBed({ on: 'postgres', limits: { fileBytes: 100_000 } })
  await bed.demo({ pool: { minSize: 2, maxSize: 8 } })
  id = (await bed.call('POST', '/api/v1/tenants/alice/claim', { body: { poolId: 'demo' } })).body.containerId
})
afterAll(() => bed[Symbol.asyncDispose]())

const at = (rest: string) => `/api/v1/containers/${id}${rest}`

test('200: listed by pool, state and tenant; shown with usage and revision; 404 where there is none', async () => {
  const listed = async (query: string) => (await bed.call('GET', `/api/v1/containers${query}`)).body.items.length
  expect(await listed('?tenant=alice')).toBe(1)
  expect(await listed('?pool=demo&state=bound')).toBe(1)
  expect(await listed('?pool=nothing')).toBe(0)
  const { status, body, headers } = await bed.call('GET', at(''))
  expect([status, body.state, body.tenantId, headers.get('etag')]).toEqual([200, 'bound', 'alice', `"${body.revision}"`])
  expect(body.usage.memoryBytes).toBeNumber()
  expect((await bed.call('GET', '/api/v1/containers/nothing')).body.code).toBe('container.not_found')
})

test('exec answers exit code and outputs, is activity, and is told without its command', async () => {
  bed.runtime.control.behaviour.onExec = ({ request }) => execResult(3, `out ${new TextDecoder().decode(request.stdin)}`, 'err')
  const reply = await bed.call('POST', at('/exec'), {
    body: { command: ['cat', 'top-secret-argument'], stdin: { base64: btoa('in') } },
  })
  expect(reply.body).toEqual({ exitCode: 3, stdout: 'out in', stderr: 'err', truncated: false })
  const activity = await bed.call('GET', '/api/v1/activity?type=container.exec')
  expect(activity.body.items[0]).toMatchObject({ containerId: id, tenantId: 'alice', data: { exitCode: 3 } })
  expect(activity.text).not.toContain('top-secret-argument')
  expect((await bed.call('GET', '/metrics')).text).toContain('boilerhouse_exec_total{outcome="ok"} 1')
})

test('exec is 422 for what is no command, 504 when it takes too long, 503 when the engine is away', async () => {
  for (const body of [
    {},
    { command: [] },
    { command: 'ls' },
    { command: ['a\0b'] },
    { command: ['a'], timeoutMs: 0 },
    { command: ['a'], workingDir: 'x' },
  ]) {
    expect((await bed.call('POST', at('/exec'), { body })).status).toBe(422)
  }
  bed.runtime.control.behaviour.onExec = () => new Promise(() => {})
  expect((await bed.call('POST', at('/exec'), { body: { command: ['sleep'], timeoutMs: 20 } })).body.code).toBe(
    'container.exec_timeout',
  )
  bed.runtime.control.failNext('exec')
  const away = await bed.call('POST', at('/exec'), { body: { command: ['true'] } })
  expect([away.status, away.headers.get('retry-after')]).toEqual([503, '1'])
})

test('files go in and come back byte by byte; a directory comes as tar', async () => {
  const bytes = crypto.getRandomValues(new Uint8Array(50_000))
  const path = encodeURIComponent('/state/a file.bin')
  const put = await bed.call('PUT', at(`/files?path=${path}`), {
    raw: bytes,
    headers: { 'content-type': 'application/octet-stream' },
  })
  expect([put.status, put.body]).toEqual([200, { path: '/state/a file.bin', sizeBytes: 50_000 }])
  const got = await fetch(`${bed.url}${at(`/files?path=${path}`)}`, { headers: { authorization: `Bearer ${bed.adminKey}` } })
  expect(Buffer.from(await got.arrayBuffer()).equals(bytes)).toBe(true)
  expect([got.headers.get('content-disposition'), got.headers.get('x-content-type-options')]).toEqual(['attachment', 'nosniff'])
  const tar = await fetch(`${bed.url}${at('/files?path=/state')}`, { headers: { authorization: `Bearer ${bed.adminKey}` } })
  expect([tar.headers.get('content-type'), tar.headers.get('x-boilerhouse-kind')]).toEqual(['application/x-tar', 'directory'])
})

test('a tar goes into a directory as it came out of one; what is no tar is 400 and changes nothing', async () => {
  await bed.call('PUT', at('/files?path=/state/inside'), { raw: 'the first' })
  const init = { headers: { authorization: `Bearer ${bed.adminKey}` } }
  const tar = new Uint8Array(await (await fetch(`${bed.url}${at('/files?path=/state')}`, init)).arrayBuffer())
  await bed.call('PUT', at('/files?path=/state/inside'), { raw: 'the second' })
  const put = (raw: string | Uint8Array) =>
    bed.call('PUT', at('/files?path=/state'), { raw, headers: { 'content-type': 'application/x-tar' } })
  const inside = async () => (await bed.call('GET', at('/files?path=/state/inside'))).text
  expect((await put('no tar')).body.code).toBe('request.malformed')
  expect(await inside()).toBe('the second')
  expect((await put(tar)).body).toEqual({ path: '/state', sizeBytes: tar.byteLength })
  expect(await inside()).toBe('the first')
})

test('files: 404 for none, 403 where the user may not, 413 beyond the limit, 422 for a path that is not absolute', async () => {
  expect((await bed.call('GET', at('/files?path=/nothing'))).body.code).toBe('container.file_not_found')
  bed.runtime.control.failNext('readFile', () => new Fault('container.file_denied', 'not yours'))
  expect((await bed.call('GET', at('/files?path=/state'))).status).toBe(403)
  expect((await bed.call('PUT', at('/files?path=/state/big'), { raw: new Uint8Array(100_001) })).body.code).toBe(
    'request.too_large',
  )
  const streamed = new Blob([new Uint8Array(200_000)]).stream() as ReadableStream<Uint8Array>
  expect((await bed.call('PUT', at('/files?path=/state/big'), { raw: streamed })).status).toBe(413)
  expect((await bed.call('GET', at('/files?path=relative'))).status).toBe(422)
  expect((await bed.call('GET', at('/files'))).status).toBe(422)
})

test('a file of no bytes can be written', async () => {
  const put = await bed.call('PUT', at('/files?path=/state/empty'))
  expect([put.status, put.body.sizeBytes]).toEqual([200, 0])
})

test('logs are lines, the newest where few are asked for, and go on where they are followed', async () => {
  for (const text of ['one', 'two']) bed.runtime.control.log(id as ContainerId, 'stdout', text)
  const last = await bed.call('GET', at('/logs?tail=1'))
  expect([last.headers.get('content-type'), JSON.parse(last.text).text]).toEqual(['application/x-ndjson', 'two'])
  const stop = new AbortController()
  const followed = await fetch(`${bed.url}${at('/logs?follow=true&tail=1')}`, {
    headers: { authorization: `Bearer ${bed.adminKey}` },
    signal: stop.signal,
  })
  const reader = (followed.body ?? expect.unreachable()).pipeThrough(new TextDecoderStream() as never).getReader()
  let read = ''
  const next = async (text: string) => {
    while (!read.includes(text)) read += String((await reader.read()).value)
  }
  await next('two')
  bed.runtime.control.log(id as ContainerId, 'stderr', 'three')
  await next('three')
  stop.abort()
})

test('a follower of a silent container has its answer at once', async () => {
  const silent = (await bed.call('GET', '/api/v1/containers?state=warm')).body.items[0].id
  const stop = new AbortController()
  const init = { headers: { authorization: `Bearer ${bed.adminKey}` }, signal: stop.signal }
  const followed = await fetch(`${bed.url}/api/v1/containers/${silent}/logs?follow=true`, init)
  expect(followed.status).toBe(200)
  stop.abort()
})

test('409 for what needs a container that is gone', async () => {
  const other = (await bed.call('GET', '/api/v1/containers?state=warm')).body.items[0].id
  const deleted = await bed.call('DELETE', `/api/v1/containers/${other}`)
  expect(deleted.status).toBe(202)
  await until(async () => (await bed.call('GET', `/api/v1/containers/${other}`)).body.state === 'gone')
  expect((await bed.call('POST', `/api/v1/containers/${other}/exec`, { body: { command: ['true'] } })).body.code).toBe(
    'container.conflict',
  )
  expect((await bed.call('GET', `/api/v1/containers/${other}/logs`)).status).toBe(409)
})

test("a tenant's container that is removed is replaced, its claim goes on", async () => {
  const { body } = await bed.call('POST', '/api/v1/tenants/zed/claim', { body: { poolId: 'demo' } })
  expect((await bed.call('DELETE', `/api/v1/containers/${body.containerId}`)).status).toBe(202)
  await until(async () => {
    const [claim] = (await bed.call('GET', '/api/v1/tenants/zed')).body.claims
    return claim.state === 'active' && claim.containerId !== body.containerId
  })
  await until(async () => (await bed.call('GET', `/api/v1/containers/${body.containerId}`)).body.state === 'gone')
  const { reason } = (await bed.call('GET', `/api/v1/containers/${body.containerId}`)).body
  expect(reason).toBe('removed by key:admin')
})
