import { afterAll, beforeAll, expect, test } from 'bun:test'

import { engine } from './engine.ts'
import { createInstallation, type Installation } from './installation.ts'
import { listen, type Told } from './told.ts'
import { within } from './within.ts'
import { claim, notesWorkload, poolFull, register, release, type Claimed } from './workloads.ts'

let house: Installation
let told: Told
let prefix: string

beforeAll(async () => {
  house = await createInstallation()
  await house.start()
  prefix = `bh-${await house.id()}-`
  await register(house, notesWorkload(), { id: 'notes', workloadId: 'notes', minSize: 2, maxSize: 6 })
  told = await listen(house)
}, 120_000)

afterAll(async () => {
  await told[Symbol.asyncDispose]()
  await house.dispose()
}, 120_000)

const noticedWithinMs = 5_000

/** What somebody does with `docker` in their hands. */
const hands: readonly [string, (containerId: string) => Promise<unknown>][] = [
  ['docker rm -f', (id) => engine('DELETE', `/containers/${prefix}${id}?force=1`)],
  ['docker kill', (id) => engine('POST', `/containers/${prefix}${id}/kill`)],
  ['docker pause', (id) => engine('POST', `/containers/${prefix}${id}/pause`)],
  ['docker network disconnect', disconnect],
]

async function disconnect(id: string): Promise<void> {
  const { NetworkSettings } = await engine('GET', `/containers/${prefix}${id}/json`)
  for (const network of Object.keys(NetworkSettings.Networks))
    await engine('POST', `/networks/${network}/disconnect`, { Container: `${prefix}${id}`, Force: true })
}

async function warmOne(): Promise<string> {
  const { body } = await house.api('GET', '/api/v1/containers?pool=notes&state=warm')
  return body.items[0].id
}

test.each(hands)(
  '%s of a warm container is noticed within 5 s, and the pool is full again without it',
  async (_name, harm) => {
    await poolFull(house, 'notes', 2)
    const victim = await warmOne()
    await harm(victim)
    await told.first(
      noticedWithinMs,
      'the container is no longer warm',
      ({ type, containerId }) => containerId === victim && /unhealthy|lost|failed|draining/.test(type),
    )
    await poolFull(house, 'notes', 2)
    expect(
      (await house.api('GET', '/api/v1/containers?pool=notes&state=warm')).body.items.map(
        ({ id }: Claimed & { id: string }) => id,
      ),
    ).not.toContain(victim)
  },
  60_000,
)

test.each(hands)(
  "%s of a tenant's container: noticed within 5 s, and the tenant goes on in another with its files",
  async (name, harm) => {
    await poolFull(house, 'notes', 2)
    const tenant = name.replaceAll(/[^a-z]/g, '')
    const before = await claim(house, tenant, 'notes')
    const written = await fetch(`${before.endpoints.http?.url}/notes/kept`, { method: 'PUT', body: `by ${tenant}` })
    expect(written.status).toBe(201)
    await harm(before.containerId)

    const recovering = await told.first(
      noticedWithinMs,
      'claim.recovering',
      ({ type, tenantId }) => type === 'claim.recovering' && tenantId === tenant,
    )
    expect(recovering).toMatchObject({ poolId: 'notes', claimId: before.claimId })
    const status = await within(30_000, 'the claim is active again', async () => {
      const { body } = await house.api('GET', `/api/v1/tenants/${tenant}/status`)
      return body.state === 'active' && body.containerId !== before.containerId ? body : undefined
    })
    const after = await claim(house, tenant, 'notes')
    expect(after).toMatchObject({ claimId: before.claimId, containerId: status.containerId, source: 'existing' })
    expect(await (await fetch(`${after.endpoints.http?.url}/notes/kept`)).text()).toBe(`by ${tenant}`)
    await release(house, tenant, 'notes')
  },
  90_000,
)

test('three losses in a row open the circuit of the claim, with the reason; its files are kept, and a release is the way out', async () => {
  const { claimId, endpoints } = await claim(house, 'unlucky', 'notes')
  await fetch(`${endpoints.http?.url}/notes/kept`, { method: 'PUT', body: 'through all of it' })
  for (let loss = 1; loss <= 3; loss++) {
    const { containerId } = await within(30_000, `active before loss ${loss}`, async () => {
      const { body } = await house.api('GET', '/api/v1/tenants/unlucky/status')
      return body.state === 'active' ? body : undefined
    })
    await engine('DELETE', `/containers/${prefix}${containerId}?force=1`)
    await told.first(
      noticedWithinMs,
      `loss ${loss} is told`,
      (event) => event.claimId === claimId && event.data['losses'] === loss,
    )
  }
  const opened = await told.first(
    noticedWithinMs,
    'claim.circuit_open',
    ({ type, tenantId }) => type === 'claim.circuit_open' && tenantId === 'unlucky',
  )
  expect(opened.data['reason']).toBeString()
  const refused = await house.api('POST', '/api/v1/tenants/unlucky/claim', { poolId: 'notes' })
  expect([refused.status, refused.body.code]).toEqual([503, 'claim.circuit_open'])
  await release(house, 'unlucky', 'notes')
  const again = await claim(house, 'unlucky', 'notes')
  expect(again.source).toEndWith('+data')
  expect(await (await fetch(`${again.endpoints.http?.url}/notes/kept`)).text()).toBe('through all of it')
  await release(house, 'unlucky', 'notes')
}, 120_000)
