import { afterAll, beforeAll, expect, test } from 'bun:test'

import type { Browser, Page } from 'playwright-core'

import { openBrowser } from './browser.ts'
import { createInstallation, type Installation } from './installation.ts'

let house: Installation
let browser: Browser

beforeAll(async () => {
  house = await createInstallation()
  ;[browser] = await Promise.all([openBrowser(), house.start()])
}, 90_000)
afterAll(async () => {
  await browser?.close()
  await house.dispose()
}, 90_000)

/** What went wrong on the page, and what it asked other hosts for. */
async function watched(options: Parameters<Browser['newPage']>[0] = {}): Promise<{ page: Page; complaints: string[] }> {
  const page = await browser.newPage(options)
  const complaints: string[] = []
  page.on('console', (message) => ['error', 'warning'].includes(message.type()) && complaints.push(message.text()))
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('requestfailed', (request) => complaints.push(`failed: ${request.url()}`))
  page.on('response', (response) => response.status() >= 400 && complaints.push(`${response.status()}: ${response.url()}`))
  page.on('request', (request) => request.url().startsWith(`${house.url}/`) || complaints.push(`elsewhere: ${request.url()}`))
  return { page, complaints }
}

const operationCount = async (): Promise<number> => {
  const { paths } = (await (await fetch(`${house.url}/openapi.json`)).json()) as { paths: Record<string, object> }
  return Object.values(paths).flatMap((methods) => Object.keys(methods)).length
}

test('the reference page needs nothing but itself: every operation is a heading that opens, its links lead on', async () => {
  const { page, complaints } = await watched()
  await page.goto(`${house.url}/docs`)
  expect(await page.getByRole('heading', { level: 1, name: 'Boilerhouse API' }).isVisible()).toBe(true)
  expect(await page.getByRole('heading', { level: 2, name: 'Tenants' }).isVisible()).toBe(true)
  const operations = page.getByRole('heading', { level: 3, name: /^(GET|POST|PUT|DELETE) \// })
  expect(await operations.count()).toBe(await operationCount())

  await page.getByRole('heading', { name: 'POST /api/v1/tenants/{tenantId}/claim' }).click()
  expect(await page.getByText('claimTenant', { exact: true }).isVisible()).toBe(true)
  await page.getByRole('link', { name: 'ClaimRequest' }).first().click()
  expect(await page.locator('#schema-ClaimRequest').isVisible()).toBe(true)
  await page.getByRole('link', { name: 'claim.env_fixed' }).first().click()
  expect(await page.getByRole('heading', { level: 1, name: 'claim.env_fixed' }).isVisible()).toBe(true)
  await page.getByRole('link', { name: 'The whole interface' }).click()
  expect(complaints).toEqual([])

  await page.getByRole('link', { name: 'openapi.json' }).click()
  expect(JSON.parse((await page.locator('body').textContent()) ?? '')).toMatchObject({ openapi: '3.1.0' })
}, 30_000)

test('on the narrow screen of a telephone, in the dark, nothing has to be scrolled sideways', async () => {
  const { page, complaints } = await watched({ viewport: { width: 380, height: 800 }, colorScheme: 'dark' })
  await page.goto(`${house.url}/docs#claimTenant`)
  await page.getByRole('heading', { name: 'POST /api/v1/tenants/{tenantId}/claim' }).click()
  const width = await page.evaluate('document.documentElement.scrollWidth')
  expect(width).toBeLessThanOrEqual(380)
  expect(complaints).toEqual([])
}, 30_000)
