import { expect, test } from 'bun:test'

import { createBed, until, type Bed } from './bed.fixture.ts'

async function claimedBy(bed: Bed): Promise<{ key: string; keyId: string; containerId: string }> {
  await bed.demo()
  const made = await bed.call('POST', '/api/v1/keys', {
    body: { name: 'alice', role: 'tenant', tenantId: 'alice', pools: ['demo'] },
  })
  const { key, id: keyId } = made.body
  const claim = await bed.call('POST', '/api/v1/tenants/alice/claim', { key, body: { poolId: 'demo' } })
  expect(claim.status).toBe(201)
  return { key, keyId, containerId: claim.body.containerId }
}

const follow = (bed: Bed, containerId: string, key: string): Promise<Response> =>
  fetch(`${bed.url}/api/v1/containers/${containerId}/logs?follow=true`, { headers: { authorization: `Bearer ${key}` } })

const events = (bed: Bed, key: string): Promise<Response> =>
  fetch(`${bed.url}/api/v1/events`, { headers: { authorization: `Bearer ${key}` } })

test('a log that is followed ends with its key', async () => {
  await using bed = await createBed()
  const { key, keyId, containerId } = await claimedBy(bed)
  const following = await follow(bed, containerId, key)
  expect(following.status).toBe(200)
  let isOver = false
  const reading = following.text().then(
    () => (isOver = true),
    () => (isOver = true),
  )
  expect(isOver).toBe(false)
  await bed.call('DELETE', `/api/v1/keys/${keyId}`)
  await until(() => isOver, 5_000)
  await reading
}, 15_000)

test('one key holds so many long requests at once and no more; what it gives up is free again', async () => {
  await using bed = await createBed({ limits: { maxLongCallsPerKey: 2 } })
  const { key, containerId } = await claimedBy(bed)
  const [first, second] = [await follow(bed, containerId, key), await follow(bed, containerId, key)]
  expect([first.status, second.status]).toEqual([200, 200])
  const third = await follow(bed, containerId, key)
  expect([third.status, third.headers.get('retry-after')]).toEqual([429, '1'])
  const again = await bed.call('POST', '/api/v1/tenants/alice/claim', { key, body: { poolId: 'demo' } })
  expect(again.status).toBe(429)
  const admins = await follow(bed, containerId, bed.adminKey)
  expect(admins.status).toBe(200)
  await Promise.all([first, second, admins].map((response) => response.body?.cancel()))
  await until(
    async () => (await bed.call('POST', '/api/v1/tenants/alice/claim', { key, body: { poolId: 'demo' } })).status === 200,
  )
}, 20_000)

test('one key cannot take every event stream', async () => {
  await using bed = await createBed({ limits: { maxEventStreamsPerKey: 2 } })
  const { key } = await claimedBy(bed)
  const taken = [await events(bed, key), await events(bed, key)]
  expect(taken.map(({ status }) => status)).toEqual([200, 200])
  expect((await events(bed, key)).status).toBe(429)
  const other = await events(bed, await bed.makeKey({ role: 'tenant', tenantId: 'bob' }))
  expect(other.status).toBe(200)
  await Promise.all([...taken, other].map((response) => response.body?.cancel()))
}, 15_000)
