import { afterAll, beforeAll, expect, test } from 'bun:test'

import type { Browser, BrowserContext, Page } from 'playwright-core'

import { openBrowser } from './browser.ts'
import { createInstallation, type Installation } from './installation.ts'
import { claim, register } from './workloads.ts'

// Without BOILERHOUSE_PROXY_DOMAIN: one browser, the pages of two tenants on one origin. Mallory's page does what a page can do.
let house: Installation
let browser: Browser
let context: BrowserContext
let alice: Page
let mallory: Page

const workload = {
  id: 'demo',
  name: 'Demo',
  image: 'boilerhouse/demo',
  ports: [{ name: 'http', containerPort: 8080 }],
  healthCheck: { http: { port: 8080, path: '/healthz' }, intervalMs: 2000, timeoutMs: 2000 },
  resources: { cpus: 1, memoryMb: 256, pids: 64, diskMb: 64 },
}

beforeAll(async () => {
  house = await createInstallation()
  ;[browser] = await Promise.all([openBrowser(), house.start()])
  await register(house, workload, { id: 'demo', workloadId: 'demo', minSize: 2, maxSize: 2 })
  context = await browser.newContext()
  for (const tenantId of ['alice', 'mallory']) await claim(house, tenantId, 'demo')
  alice = await enter('alice')
  mallory = await enter('mallory')
}, 120_000)
afterAll(async () => {
  await browser?.close()
  await house.dispose()
}, 90_000)

/** With the admin's key, whose cookies are worth the most. */
async function enter(tenantId: string, page?: Page): Promise<Page> {
  const opened = page ?? (await context.newPage())
  const { body } = await house.api('POST', `/api/v1/tenants/${tenantId}/proxy-ticket`, {})
  await opened.goto(body.url)
  return opened
}

const alicesPath = '/t/alice/demo/http/'

test('each page is its own tenant, and its requests and its WebSocket go through', async () => {
  for (const [page, tenant] of [
    [alice, 'alice'],
    [mallory, 'mallory'],
  ] as const) {
    expect(await page.evaluate(`fetch('./').then((reply) => reply.json()).then(({ tenant }) => tenant)`)).toBe(tenant)
    expect(await page.evaluate(socketTo('./ws'))).toBe('open')
  }
})

const socketTo = (path: string): string => `new Promise((resolve) => {
  const socket = new WebSocket(new URL(${JSON.stringify(path)}, location.href).href.replace('http', 'ws'))
  socket.onopen = () => { socket.close(); resolve('open') }
  socket.onerror = () => resolve('refused')
})`

test("another tenant's page is let nowhere with the browser's cookies, whatever it says of itself", async () => {
  const status = (init: string) => mallory.evaluate(`fetch('${alicesPath}', ${init}).then(({ status }) => status)`)
  expect(await status('{}')).toBe(401)
  expect(await status(`{ referrer: '${alicesPath}' }`)).toBe(401)
  expect(await status(`{ method: 'POST', body: '' }`)).toBe(401)
  await mallory.evaluate(`history.pushState(null, '', '${alicesPath}')`)
  expect(await status('{}')).toBe(401)
  expect(await mallory.evaluate(socketTo(`${alicesPath}ws`))).toBe('refused')
  const framed = `new Promise((resolve) => {
    const frame = document.createElement('iframe')
    frame.src = '${alicesPath}'
    frame.onload = () => resolve(frame.contentDocument.body.textContent)
    document.body.append(frame)
  })`
  expect(JSON.parse(String(await mallory.evaluate(framed)))).toMatchObject({ code: 'auth.required' })
  expect(await mallory.evaluate('document.cookie')).toBe('')
})

test("it finds the path of the other's session neither in the tab's history, nor as a referrer, nor as a window", async () => {
  const tab = await enter('alice')
  const secret = new URL(tab.url()).pathname
  expect(secret).toMatch(/\/~[\w-]{22}\/$/)
  await tab.evaluate(`window.name = 'alice'`)
  await enter('mallory', tab)
  const seen = `JSON.stringify([document.referrer, navigation.entries().map(({ url }) => url), navigation.activation?.from?.url])`
  const told = String(await tab.evaluate(seen))
  expect(told).not.toContain(secret)
  expect(told).toContain('/t/mallory/')
  await alice.evaluate(`window.name = 'alices-window'`)
  expect(
    await mallory.evaluate(
      `(() => { try { return String(window.open('', 'alices-window')?.location.pathname) } catch (e) { return e.name } })()`,
    ),
  ).not.toContain('/t/alice/')
  await tab.close()
})

test('no page may register a service worker, which would tell its address to all', async () => {
  const outcome = await mallory.evaluate(
    `navigator.serviceWorker.register('./worker.js').then(() => 'registered', ({ name }) => name)`,
  )
  expect(outcome).not.toBe('registered')
  expect(await mallory.evaluate('navigator.serviceWorker.getRegistrations().then((all) => all.length)')).toBe(0)
})

test('the doctor and the log say that tenants share an origin', async () => {
  const { body } = await house.api('GET', '/api/v1/doctor')
  expect(body.warnings).toContainEqual(expect.stringContaining('Set BOILERHOUSE_PROXY_DOMAIN'))
  expect(house.log().split('Browsers entered the pages of more than one tenant')).toHaveLength(2)
})
