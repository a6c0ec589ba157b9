import { afterAll, beforeAll, expect, test } from 'bun:test'

import { createBed, demoWorkload, until, type Bed } from './bed.fixture.ts'

let bed: Bed
beforeAll(async () => {
  bed = await createBed()
})
afterAll(() => bed[Symbol.asyncDispose]())

test('health', async () => {
  const reply = await bed.call('GET', '/health', { key: null })
  console.log(reply.text, bed.logLines)
  console.log((await bed.call('POST', '/api/v1/workloads', { body: demoWorkload })).text)
  console.log((await bed.call('POST', '/api/v1/pools', { body: { id: 'demo', workloadId: 'demo', minSize: 2 } })).text)
  await until(async () => (await bed.call('GET', '/api/v1/pools/demo')).body.status.warm >= 2)
  const c = await bed.call('POST', '/api/v1/tenants/alice/claim', { body: { poolId: 'demo' } })
  console.log(c.status, c.text, c.headers.get('server-timing'))
  for (const p of [
    '/metrics',
    '/api/v1/stats',
    '/api/v1/pools',
    '/api/v1/containers',
    '/api/v1/tenants',
    '/api/v1/tenants/alice',
    '/api/v1/tenants/alice/status',
    '/api/v1/activity?type=claim.active',
    '/docs',
    '/nope',
  ]) {
    const r = await bed.call('GET', p)
    console.log(p, r.status, r.text.slice(0, 300))
  }
  const r = await bed.call('POST', '/api/v1/tenants/alice/release')
  console.log(r.status, r.text)
  expect(1).toBe(1)
  console.log(bed.logLines)
})
