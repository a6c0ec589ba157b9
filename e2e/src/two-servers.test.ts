import { afterAll, beforeAll, expect, test } from 'bun:test'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

import { createInstallation, type Installation } from './installation.ts'
import { within } from './within.ts'
import { claim, poolFull, register, release, run, shellWorkload, type Claimed } from './workloads.ts'

let first: Installation
let second: Installation
let third: Installation

beforeAll(async () => {
  first = await createInstallation()
  await first.start()
  second = await createInstallation({ beside: first, command: ['serve', '--role', 'api'], readyMark: 'API  ' })
  third = await createInstallation({ beside: first })
  await register(first, shellWorkload({ entrypoint: ['/bin/sleep', '3600'], stopTimeoutMs: 0 }), {
    id: 'shell',
    workloadId: 'shell',
    minSize: 40,
    maxSize: 60,
    idleTimeoutMs: 1000,
    // Docker miscounts the endpoints of a network where many start at once, and then never removes it.
    maxFillConcurrency: 2,
  })
}, 120_000)

afterAll(async () => {
  for (const house of [second, third]) await house.dispose()
  await first.dispose()
}, 120_000)

const postgresPid = async () =>
  Number((await readFile(join(first.dataDir, 'postgres/data/postmaster.pid'), 'utf8')).split('\n')[0])

test('a second server over the same data directory attaches to the same Postgres and serves the same things', async () => {
  const pid = await postgresPid()
  await second.start()
  expect(await postgresPid()).toBe(pid)
  expect((await second.api('GET', '/api/v1/pools')).body.items.map(({ id }: { id: string }) => id)).toEqual(['shell'])
}, 90_000)

function unlessExhausted(error: Error): undefined {
  if (!error.message.includes('pool.exhausted')) throw error
}

test('two claims took one container; one tenant got two: not with forty tenants through both servers at once', async () => {
  const tenants = Array.from({ length: 40 }, (_, i) => `t${i}`)
  // Both servers start containers for a tenant that neither has yet: one of them may find the pool full, and is asked again.
  const insist = (house: Installation, tenant: string) =>
    within(120_000, `${tenant} is served`, () => claim(house, tenant, 'shell', { waitMs: 60_000 }).catch(unlessExhausted))
  const ask = (house: Installation) => tenants.map((tenant) => insist(house, tenant))
  const answers: readonly Claimed[] = await Promise.all([...ask(first), ...ask(second)])
  const containers = new Map<string, Set<string>>()
  for (const { tenantId, containerId, state } of answers) {
    expect(state).toBe('active')
    containers.set(tenantId, (containers.get(tenantId) ?? new Set()).add(containerId))
  }
  expect([...containers.values()].map(({ size }) => size)).toEqual(tenants.map(() => 1))
  expect(new Set(answers.map(({ containerId }) => containerId)).size).toBe(tenants.length)
  for (const { tenantId, containerId } of answers.slice(0, 8))
    expect(JSON.parse(await run(second, containerId, 'cat /boilerhouse/claim.json'))).toMatchObject({ tenantId, containerId })
  const { body } = await first.api('GET', '/api/v1/containers?pool=shell&state=bound&limit=500')
  expect(new Set(body.items.map(({ tenantId }: Claimed) => tenantId)).size).toBe(tenants.length)
  expect((await second.api('POST', '/api/v1/pools/shell/scale', { size: 8 })).status).toBe(200)
  for (const [i, tenant] of tenants.entries()) await release(i % 2 === 0 ? first : second, tenant, 'shell')
}, 180_000)

test('what is asked of one server is seen by the other at once', async () => {
  const { containerId } = await claim(first, 'alice', 'shell')
  expect(await claim(second, 'alice', 'shell')).toMatchObject({ containerId, source: 'existing' })
  expect((await second.api('POST', '/api/v1/tenants/alice/release', {})).status).toBe(200)
  expect((await first.api('GET', '/api/v1/tenants/alice/status')).body.assigned).toBe(false)
})

test('when the leader is killed another takes over: it refills the pool, with every tenant where it was', async () => {
  await third.start()
  const kept = await claim(third, 'kept', 'shell')
  await poolFull(third, 'shell', 8)
  await first.kill()
  const taken = await Promise.all(Array.from({ length: 6 }, (_, i) => claim(second, `after${i}`, 'shell')))
  expect(new Set(taken.map(({ containerId }) => containerId)).size).toBe(6)
  await poolFull(third, 'shell', 8)
  expect(await claim(second, 'kept', 'shell')).toMatchObject({ containerId: kept.containerId, source: 'existing' })
  for (const { tenantId } of [...taken, kept]) await release(second, tenantId, 'shell')
}, 120_000)

test('Postgres stays while any server uses it; the last one to leave stops it', async () => {
  const pid = await postgresPid()
  const isUp = () => {
    try {
      return process.kill(pid, 0)
    } catch {
      return false
    }
  }
  expect(await third.interrupt()).toBe(0)
  expect(isUp()).toBe(true)
  expect((await second.api('GET', '/health')).status).toBe(200)
  expect(await second.interrupt()).toBe(0)
  await within(10_000, 'Postgres ended', () => !isUp())
  await first.start()
  await poolFull(first, 'shell', 8)
}, 90_000)
