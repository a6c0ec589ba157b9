import { afterAll, beforeAll, expect, test } from 'bun:test'

import { createBed, until, type Bed } from '../../api/src/bed.fixture.ts'
import { ClientFault } from './client-fault.ts'
import { createClient, type Client } from './client.ts'
import { readContainerFile, writeContainerFile } from './container-files.ts'
import { followEvents } from './follow-events.ts'
import { followLogs } from './follow-logs.ts'

let bed: Bed
let client: Client
beforeAll(async () => {
  bed = await createBed()
  await bed.demo()
  client = createClient({ baseUrl: `${bed.url}/`, key: bed.adminKey })
})
afterAll(() => bed[Symbol.asyncDispose]())

const faultOf = (call: Promise<unknown>): Promise<unknown> =>
  call.then(
    () => undefined,
    (error: unknown) => error,
  )

test('a call is typed by its path and answers the body', async () => {
  const { data } = await client.GET('/api/v1/pools/{id}', { params: { path: { id: 'demo' } } })
  expect([data?.id, data?.workloadId, data?.status.warm]).toEqual(['demo', 'demo', 2])
  const { data: claim, response } = await client.POST('/api/v1/tenants/{tenantId}/claim', {
    params: { path: { tenantId: 'alice@example.com' } },
    body: { poolId: 'demo' },
  })
  expect([response.status, claim?.tenantId]).toEqual([201, 'alice@example.com'])
})

test('a refusal is thrown as a fault that says what, why and what to do', async () => {
  const error = await faultOf(client.GET('/api/v1/pools/{id}', { params: { path: { id: 'nothing' } } }))
  if (!(error instanceof ClientFault)) return expect.unreachable()
  expect([error.status, error.code, error.problem.remedy]).toEqual([404, 'pool.not_found', 'List the pools to see their ids.'])
  expect(error.problem.correlationId).not.toBe('')
})

test('how long to wait is told with the refusal', async () => {
  bed.runtime.control.failNext('inspectImage')
  const error = await faultOf(client.GET('/api/v1/images/inspect', { params: { query: { image: 'x' } } }))
  expect(error).toMatchObject({ code: 'runtime.unavailable', retryAfterMs: 1000 })
})

test('no server, and an answer that is not ours, are faults too', async () => {
  const nobody = createClient({ baseUrl: 'http://127.0.0.1:1', key: 'x' })
  expect(await faultOf(nobody.GET('/api/v1/pools'))).toMatchObject({ code: 'client.unreachable', status: 503 })
  const other = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: () => new Response('<html>', { status: 500 }) })
  expect(await faultOf(createClient({ baseUrl: other.url.href }).GET('/api/v1/pools'))).toMatchObject({
    code: 'client.foreign_answer',
  })
  await other.stop(true)
})

test('files and logs are streams', async () => {
  const { data } = await client.GET('/api/v1/containers', { params: { query: { state: ['warm'] } } })
  const id = data?.items[0]?.id ?? ''
  expect(await writeContainerFile(client, id, '/state/ä b', new Blob(['hello']))).toEqual({ path: '/state/ä b', sizeBytes: 5 })
  const { kind, body } = await readContainerFile(client, id, '/state/ä b')
  expect([kind, await new Response(body).text()]).toEqual(['file', 'hello'])
  expect(await faultOf(readContainerFile(client, id, '/nothing'))).toMatchObject({ code: 'container.file_not_found' })

  const stop = new AbortController()
  const lines: string[] = []
  const done = (async () => {
    for await (const { text } of followLogs(client, id, { follow: true, tail: 0, signal: stop.signal })) lines.push(text)
  })().catch(() => {})
  await Bun.sleep(100)
  for (const text of ['one', 'two ü']) bed.runtime.control.log(id as never, 'stdout', text)
  await until(() => lines.length === 2)
  expect(lines).toEqual(['one', 'two ü'])
  stop.abort()
  await done
})

test('events of a key that is refused are a fault, not an endless attempt', async () => {
  const refused = createClient({ baseUrl: bed.url, key: 'nonsense' })
  expect(await faultOf(followEvents(refused).next())).toMatchObject({ status: 401 })
})

test('events go on over a server that stops and comes back, without a gap and without a repetition', async () => {
  const names: unknown[] = []
  const stop = new AbortController()
  let isReady = false
  // The second server stands behind the same address as far as the client knows.
  let current = bed.listening
  const moving = createClient({
    baseUrl: 'http://boilerhouse.test',
    key: bed.adminKey,
    fetch: (request) =>
      fetch(request.url.replace('http://boilerhouse.test', current.url), { headers: request.headers, signal: request.signal }),
  })
  const done = (async () => {
    for await (const event of followEvents(moving, {
      types: ['pool.warning'],
      signal: stop.signal,
      onReady: () => (isReady = true),
    })) {
      names.push(event.data['n'])
    }
  })()
  const append = (n: number) => bed.store.events.append({ type: 'pool.warning', actor: 'server', subject: 'pool/x', data: { n } })
  await until(() => isReady)
  for (let n = 0; n < 5; n++) await append(n)
  await until(() => names.length === 5)
  const former = current
  current = bed.api.listen({ host: '127.0.0.1', port: 0 })
  await former.stop(1_000)
  for (let n = 5; n < 10; n++) await append(n)
  await until(() => names.length === 10)
  expect(names).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
  stop.abort()
  await done
  await current.stop(100)
})
