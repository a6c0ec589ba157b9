import { afterAll, beforeAll, expect, test } from 'bun:test'

import { createInstallation, type Installation } from './installation.ts'
import { listen, type Told } from './told.ts'
import { within } from './within.ts'
import { claim, notesWorkload, register, release, run } from './workloads.ts'

let house: Installation
let told: Told

const timeoutMs = 3_000
const pool = (id: string) => ({ id, workloadId: id, minSize: 1, maxSize: 6 })

beforeAll(async () => {
  house = await createInstallation()
  await house.start()
  await register(house, notesWorkload({ id: 'releasing', idle: { timeoutMs, action: 'release' } }), pool('releasing'))
  await register(house, notesWorkload({ id: 'destroying', idle: { timeoutMs, action: 'destroy' } }), pool('destroying'))
  told = await listen(house)
}, 120_000)

afterAll(async () => {
  await told[Symbol.asyncDispose]()
  await house.dispose()
}, 120_000)

const stateOf = async (tenant: string) => (await house.api('GET', `/api/v1/tenants/${tenant}/status`)).body

const idleEvent = (tenant: string, ms = 15_000) =>
  told.first(ms, `${tenant} is idle`, ({ type, tenantId }) => type === 'claim.idle' && tenantId === tenant)

const gone = (containerId: string) =>
  told.first(
    15_000,
    'the container is destroyed',
    (event) => event.type === 'container.destroyed' && event.containerId === containerId,
  )

// Tenants of their own, that mostly wait: the first three at once; the last ends the server under them.
test.concurrent('an idle tenant is released after the time that its status tells, and its files are kept', async () => {
  const { containerId, endpoints } = await claim(house, 'sleeper', 'releasing')
  await fetch(`${endpoints.http?.url}/notes/kept`, { method: 'PUT', body: 'asleep' })
  const { idleExpiresAt } = await stateOf('sleeper')
  expect(Date.parse(idleExpiresAt) - Date.now()).toBeWithin(0, timeoutMs + 1)
  await idleEvent('sleeper')
  expect(Date.now()).toBeGreaterThanOrEqual(Date.parse(idleExpiresAt))
  await gone(containerId)
  const again = await claim(house, 'sleeper', 'releasing')
  expect(again.source).toEndWith('+data')
  expect(await (await fetch(`${again.endpoints.http?.url}/notes/kept`)).text()).toBe('asleep')
  await release(house, 'sleeper', 'releasing')
}, 60_000)

test.concurrent('with action destroy an idle tenant loses its container and its files', async () => {
  const { containerId, endpoints } = await claim(house, 'leaver', 'destroying')
  await fetch(`${endpoints.http?.url}/notes/gone`, { method: 'PUT', body: 'x' })
  await idleEvent('leaver')
  await gone(containerId)
  const again = await claim(house, 'leaver', 'destroying')
  expect(again.source).not.toContain('data')
  expect((await fetch(`${again.endpoints.http?.url}/notes/gone`)).status).toBe(404)
  await release(house, 'leaver', 'destroying')
}, 60_000)

test.concurrent('a tenant who only uses its published port, the proxy, exec or touch is never idle; who stops is', async () => {
  const key = await house.adminKey()
  const names = ['port', 'proxy', 'exec', 'touch'] as const
  const claimed = await Promise.all(names.map((name) => claim(house, name, 'releasing')))
  const [port, , exec] = claimed
  const uses = {
    port: () => fetch(`${port?.endpoints.http?.url}/notes`),
    proxy: () => fetch(`${house.proxyUrl}/t/proxy/releasing/http/notes`, { headers: { authorization: `Bearer ${key}` } }),
    exec: () => run(house, exec?.containerId ?? '', 'true'),
    touch: () => house.api('POST', '/api/v1/tenants/touch/touch', {}),
  }
  const until = performance.now() + 4 * timeoutMs
  while (performance.now() < until) {
    await Promise.all(names.map((name) => uses[name]()))
    await Bun.sleep(700)
  }
  for (const { tenantId, containerId } of claimed) expect(await stateOf(tenantId)).toMatchObject({ state: 'active', containerId })
  await Promise.all(names.map((name) => idleEvent(name, 25_000)))
}, 90_000)

test('idle time survives a restart: what ran out meanwhile is released by the next server, the others keep their time', async () => {
  await claim(house, 'over', 'releasing')
  await house.interrupt()
  await Bun.sleep(timeoutMs)
  await house.start()
  const fresh = await claim(house, 'fresh', 'releasing')
  await idleEvent('over')
  expect(await within(10_000, 'over is released', async () => !(await stateOf('over')).assigned)).toBe(true)
  expect(
    (await told.first(20_000, 'fresh is idle later', (e) => e.type === 'claim.idle' && e.claimId === fresh.claimId)).time >
      (await idleEvent('over')).time,
  ).toBe(true)
}, 90_000)
