import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test'

import { seriesMetrics } from '@boilerhouse/store'

import { createBed, until, type Bed } from '../bed.fixture.ts'

setDefaultTimeout(20_000)
let bed: Bed
beforeAll(async () => {
  bed = await createBed({ on: 'postgres' })
  await bed.demo()
})
afterAll(() => bed[Symbol.asyncDispose]())

test('health is open and tells each dependency with its status and latency', async () => {
  for (const path of ['/health', '/api/v1/health']) {
    const { status, body } = await bed.call('GET', path, { key: null })
    expect([status, body.status]).toEqual([200, 'ok'])
    expect(body.dependencies.map(({ name, status: state }: { name: string; status: string }) => [name, state])).toEqual([
      ['database', 'ok'],
      ['engine', 'ok'],
    ])
    expect(body.dependencies[0].latencyMs).toBeNumber()
  }
})

test('health is degraded while the engine is away, and 503 when the database is', async () => {
  const engine = await createBed({ withControllers: false })
  engine.runtime.control.disconnect()
  const degraded = await engine.call('GET', '/health', { key: null })
  expect([degraded.status, degraded.body.status, degraded.body.dependencies[1].status]).toEqual([200, 'degraded', 'down'])
  engine.runtime.control.reconnect()
  await engine[Symbol.asyncDispose]()

  const database = await createBed({ withControllers: false })
  await database.store.close()
  const down = await database.call('GET', '/health', { key: null })
  expect([down.status, down.body.status, down.headers.get('retry-after')]).toEqual([503, 'down', '2'])
  await database[Symbol.asyncDispose]()
})

test('an error inside is 500 with a correlation id and nothing else; the log has the cause', async () => {
  const broken = await createBed({
    withControllers: false,
    settings: () => {
      throw new TypeError('cannot read /root/.secret')
    },
  })
  const { status, text, body } = await broken.call('GET', '/api/v1/settings', { headers: { 'x-correlation-id': 'abc-1' } })
  expect([status, body.code, body.correlationId]).toEqual([500, 'server.internal', 'abc-1'])
  expect(text).not.toContain('/root/.secret')
  expect(broken.logLines.join()).toContain('/root/.secret')
  await broken[Symbol.asyncDispose]()
})

test('a correlation id is taken over where it can stand in a log, else made', async () => {
  const sent = await bed.call('GET', '/api/v1/pools', { headers: { 'x-correlation-id': 'mine-1' } })
  const bad = await bed.call('GET', '/api/v1/pools', { headers: { 'x-correlation-id': 'a b"c' } })
  expect(sent.headers.get('x-correlation-id')).toBe('mine-1')
  expect(bad.headers.get('x-correlation-id')).toMatch(/^[0-9a-f-]{36}$/)
  const scaled = await bed.call('POST', '/api/v1/pools/demo/scale', {
    body: { size: 1 },
    headers: { 'x-correlation-id': 'scale-1' },
  })
  expect(scaled.status).toBe(200)
  const { items } = (await bed.call('GET', '/api/v1/activity?type=pool.scaled')).body
  expect(items[0].correlationId).toBe('scale-1')
})

test('metrics are fed by requests and shown for Prometheus', async () => {
  await bed.call('GET', '/api/v1/pools')
  const { status, text, headers } = await bed.call('GET', '/metrics')
  expect([status, headers.get('content-type')]).toEqual([200, 'text/plain; version=0.0.4; charset=utf-8'])
  expect(text).toMatch(/boilerhouse_http_requests_total\{operation="listPools",status="200"\} \d+/)
  expect(text).toContain('boilerhouse_http_request_seconds_bucket')
})

test('stats, settings, doctor and its repair answer', async () => {
  const stats = (await bed.call('GET', '/api/v1/stats')).body
  expect(stats).toMatchObject({ workloads: 1, pools: 1 })
  expect((await bed.call('GET', '/api/v1/settings')).body.items[0]).toEqual({
    name: 'BOILERHOUSE_API_KEY',
    value: '***',
    source: 'generated',
  })
  expect((await bed.call('GET', '/api/v1/doctor')).body.isHealthy).toBe(true)
  expect((await bed.call('POST', '/api/v1/doctor/repair')).body.repairs).toEqual(['nothing'])
})

test('series come by labels, in the step that is kept for the time asked for', async () => {
  const atMs = Math.floor(Date.now() / 10_000) * 10_000
  await bed.store.series.write(10_000, [
    { metric: 'cpu_cores', labels: { poolId: 'demo', containerId: 'c1' }, atMs, value: 0.5 },
    { metric: 'cpu_cores', labels: { poolId: 'demo', containerId: 'c2' }, atMs, value: 0.7 },
  ])
  const { body } = await bed.call('GET', '/api/v1/series?metric=cpu_cores&pool=demo')
  expect([body.stepMs, body.items.length]).toEqual([10_000, 2])
  expect((await bed.call('GET', '/api/v1/series?metric=cpu_cores&container=c1')).body.items[0].points[0].value).toBe(0.5)
  const day = new Date(Date.now() - 86_400_000).toISOString()
  expect((await bed.call('GET', `/api/v1/series?metric=cpu_cores&from=${day}`)).body.stepMs).toBe(60_000)
  expect(
    (await bed.call('GET', `/api/v1/series?metric=cpu_cores&from=${new Date(Date.now() + 1e6).toISOString()}&to=${day}`)).status,
  ).toBe(422)
  expect((await bed.call('GET', '/api/v1/series')).status).toBe(422)
})

test('a series that nothing writes is 422 and names those that there are', async () => {
  const { status, body } = await bed.call('GET', '/api/v1/series?metric=cpu')
  expect([status, body.errors[0].pointer]).toEqual([422, '/query/metric'])
  for (const metric of seriesMetrics) {
    expect(body.errors[0].detail).toContain(`"${metric}"`)
    expect((await bed.call('GET', `/api/v1/series?metric=${metric}`)).status).toBe(200)
  }
})

test('the activity log is paged, newest first, and filtered', async () => {
  const first = (await bed.call('GET', '/api/v1/activity?limit=2')).body
  const second = (await bed.call('GET', `/api/v1/activity?limit=2&cursor=${encodeURIComponent(first.nextCursor)}`)).body
  const seqs = [...first.items, ...second.items].map(({ seq }: { seq: number }) => seq)
  expect(seqs).toEqual(seqs.toSorted((a, b) => b - a))
  const { items } = (await bed.call('GET', '/api/v1/activity?subject=workload/demo&type=workload.created')).body
  expect(items.map(({ type }: { type: string }) => type)).toEqual(['workload.created'])
  expect((await bed.call('GET', '/api/v1/activity?from=yesterday')).status).toBe(422)
  expect((await bed.call('GET', '/api/v1/activity?type=nonsense')).status).toBe(422)
})

test('the reference is served whole, without scripts and without another host', async () => {
  const { status, text, headers } = await bed.call('GET', '/docs', { key: null })
  expect(status).toBe(200)
  expect(text).toContain('claimTenant')
  expect(text).not.toMatch(/<script|https?:\/\/(?!127)/)
  expect(headers.get('content-security-policy')).toContain("default-src 'none'")
  expect((await bed.call('GET', '/docs/errors/pool.exhausted', { key: null })).text).toContain('Retry-After')
  expect((await bed.call('GET', '/docs/errors/nothing', { key: null })).status).toBe(404)
})

test('a stopping server lets its requests end and takes no new ones', async () => {
  const stopping = await createBed()
  await stopping.demo({ pool: { minSize: 0, maxSize: 2 } })
  stopping.runtime.control.behaviour.startDelayMs = 300
  const claim = stopping.call('POST', '/api/v1/tenants/a/claim', { body: { poolId: 'demo' } })
  await Bun.sleep(50)
  const stopped = stopping.listening.stop(5_000)
  expect((await claim).status).toBe(201)
  await stopped
  expect(await fetch(`${stopping.url}/health`).catch(() => 'refused')).toBe('refused')
  await stopping[Symbol.asyncDispose]()
})

test('metrics of a pool that was deleted are shown no more, those of others stay', async () => {
  await bed.demo({ id: 'short', pool: { minSize: 0 } })
  for (const pool of ['short', 'demo']) {
    bed.metrics.gauge('pool_hit_rate', { pool }, 1)
    bed.metrics.gauge('pool_containers', { pool, state: 'warm' }, 0)
    bed.metrics.observe('refill_seconds', { pool }, 1)
    bed.metrics.count('probe_failures_total', { pool, state: 'bound' })
  }
  const shown = async () => (await bed.call('GET', '/metrics')).text
  expect((await shown()).match(/pool="short"/g)?.length).toBeGreaterThan(3)
  await bed.call('DELETE', '/api/v1/pools/short')
  await until(async () => (await bed.call('GET', '/api/v1/pools/short')).status === 404)
  const text = await shown()
  const left = (pool: string) => text.split('\n').filter((line) => line.includes(`pool="${pool}"`))
  expect(left('short')).toEqual([])
  for (const name of ['pool_hit_rate', 'pool_containers', 'refill_seconds_bucket', 'probe_failures_total']) {
    expect([name, left('demo').some((line) => line.startsWith(`boilerhouse_${name}{`))]).toEqual([name, true])
  }
})
