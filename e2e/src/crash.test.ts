import { afterAll, beforeAll, expect, test } from 'bun:test'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

import { engineContainers } from './engine.ts'
import { createInstallation, type Installation } from './installation.ts'
import { within } from './within.ts'
import { claim, notesWorkload, poolFull, register, type Claimed } from './workloads.ts'

let house: Installation
let alice: Claimed

beforeAll(async () => {
  house = await createInstallation()
  await house.start()
  await register(house, notesWorkload(), { id: 'notes', workloadId: 'notes', minSize: 2, maxSize: 8 })
  alice = await claim(house, 'alice', 'notes')
  await fetch(`${alice.endpoints.http?.url}/notes/first`, { method: 'PUT', body: 'hers' })
  await poolFull(house, 'notes', 2)
}, 120_000)

afterAll(() => house.dispose(), 120_000)

const postgresPid = async () =>
  Number((await readFile(join(house.dataDir, 'postgres/data/postmaster.pid'), 'utf8')).split('\n')[0])

const engineNames = async () => new Set(await engineContainers(await house.id()))

test('after kill -9 of the server the next one adopts the same containers, keeps the tenant, and takes over the Postgres left behind', async () => {
  const [before, postgres] = [await engineNames(), await postgresPid()]
  await house.kill()
  expect(await engineNames()).toEqual(before)
  expect(await (await fetch(`${alice.endpoints.http?.url}/notes/first`)).text()).toBe('hers')

  await house.start()
  expect(await postgresPid()).toBe(postgres)
  expect(await claim(house, 'alice', 'notes')).toMatchObject({
    containerId: alice.containerId,
    source: 'existing',
    state: 'active',
  })
  await poolFull(house, 'notes', 2)
  expect(await engineNames()).toEqual(before)
  expect((await house.cli('doctor')).stdout + (await house.cli('doctor')).stderr).toContain('agree')
}, 90_000)

test('a claim that was under way at kill -9 is delivered or gone afterwards: a retry gets one container, whole', async () => {
  const asked = Array.from({ length: 6 }, (_, i) =>
    claim(house, `t${i}`, 'notes', { secrets: { TOKEN: `of-t${i}` } }).catch(() => undefined),
  )
  await within(10_000, 'the first claim is bound', async () => (await house.api('GET', '/api/v1/tenants')).body.items.length > 1)
  await house.kill()
  const answered = (await Promise.all(asked)).filter((one) => one !== undefined)

  await house.start()
  const again = await Promise.all(Array.from({ length: 6 }, (_, i) => claim(house, `t${i}`, 'notes')))
  expect(new Set(again.map(({ containerId }) => containerId)).size).toBe(6)
  for (const one of answered)
    expect(again.find(({ tenantId }) => tenantId === one.tenantId)).toMatchObject({
      containerId: one.containerId,
      claimId: one.claimId,
    })
  for (const { containerId, tenantId } of again) {
    const { body } = await house.api('POST', `/api/v1/containers/${containerId}/exec`, {
      command: ['cat', '/boilerhouse/claim.json'],
    })
    expect(JSON.parse(body.stdout)).toMatchObject({ tenantId, containerId })
  }
  for (const { tenantId } of again) expect((await house.api('POST', `/api/v1/tenants/${tenantId}/release`, {})).status).toBe(200)
}, 120_000)

test('after kill -9 of Postgres under it the server starts it again and serves, by itself, and nothing is lost', async () => {
  const killed = await postgresPid()
  process.kill(killed, 'SIGKILL')
  await within(30_000, 'the API answers from a new Postgres', async () => {
    const health = await house.api('GET', '/health').catch(() => undefined)
    return health?.status === 200 && (await postgresPid()) !== killed
  })
  expect(await claim(house, 'alice', 'notes')).toMatchObject({ containerId: alice.containerId, source: 'existing' })
  expect(await claim(house, 'bob', 'notes')).toMatchObject({ state: 'active' })
  expect((await house.api('POST', '/api/v1/tenants/bob/release', {})).status).toBe(200)
  await poolFull(house, 'notes', 2)
}, 90_000)
