import { afterAll, beforeAll, describe, expect, test } from 'bun:test'

import { createBed, type Bed, type Reply } from '../bed.fixture.ts'
import { routeTable } from '../route-table.ts'

/** Design §7, written down again: what the routes say is checked against this, not against itself. */
const open = ['getHealth', 'getApiHealth', 'getOpenapi', 'getDocs', 'getFaultPage']
const notForViewers = ['getContainerFile']
const forTenants = [
  'claimTenant',
  'releaseTenant',
  'touchTenant',
  'getTenant',
  'getTenantStatus',
  'createProxyTicket',
  'getContainer',
  'execContainer',
  'getContainerLogs',
  'getContainerFile',
  'putContainerFile',
  'listContainers',
  'listActivity',
  'streamEvents',
  'connectEvents',
  'connectEventsAtRoot',
  'createTicket',
]
/** Everybody with a key may ask for a ticket of their own events. */
const postsForViewers = ['createTicket']

let bed: Bed
const keys: Record<string, string> = {}
let containers: Record<string, string>

beforeAll(async () => {
  bed = await createBed({ on: 'postgres' })
  await bed.demo()
  keys['viewer'] = await bed.makeKey({ role: 'viewer' })
  containers = {}
  for (const tenantId of ['alice', 'bob']) {
    keys[tenantId] = await bed.makeKey({ role: 'tenant', tenantId, pools: ['demo'] })
    const claimed = await bed.call('POST', `/api/v1/tenants/${tenantId}/claim`, { body: { poolId: 'demo' } })
    containers[tenantId] = claimed.body.containerId
  }
}, 30_000)
afterAll(() => bed[Symbol.asyncDispose]())

const bodies: Readonly<Record<string, unknown>> = {
  execContainer: { command: ['true'] },
  claimTenant: { poolId: 'demo' },
}
const queries: Readonly<Record<string, string>> = {
  getContainerFile: '?path=/',
  putContainerFile: '?path=/tmp/x',
  inspectImage: '?image=echo:1',
  getSeries: '?metric=x',
}

/** Calls an operation about what is `owner`'s. What would end the walk goes to something that is not there. */
async function callOperation(operationId: string, key: string | null, owner: string): Promise<Reply> {
  const { spec } = routeTable.find((route) => route.spec.operationId === operationId) ?? expect.unreachable()
  const isEnding = spec.method === 'DELETE' || operationId === 'releaseTenant'
  const id = spec.path.includes('containers') ? containers[owner] : 'demo'
  const path = spec.path
    .replace(':tenantId', owner)
    .replace(':id', isEnding ? 'nothing' : (id ?? ''))
    .replace(':code', 'auth.invalid')
  const body = bodies[operationId] ?? (spec.body ? {} : undefined)
  const request = {
    key,
    ...(operationId === 'releaseTenant' ? { body: { poolId: 'nothing' } } : body === undefined ? {} : { body }),
  }
  const stop = new AbortController()
  const limit = setTimeout(() => stop.abort(), 3_000)
  if (operationId === 'streamEvents') {
    const response = await fetch(`${bed.url}${path}`, {
      headers: key === null ? {} : { authorization: `Bearer ${key}` },
      signal: stop.signal,
    })
    clearTimeout(limit)
    const { status, headers } = response
    await response.body?.cancel()
    return { status, headers, body: undefined, text: '' }
  }
  clearTimeout(limit)
  return bed.call(spec.method, path + (queries[operationId] ?? ''), request)
}

const refusals = [401, 403]

describe.each(routeTable.map(({ spec }) => spec))('$operationId', ({ operationId, method }) => {
  test(open.includes(operationId) ? 'is open' : 'without a key, or with a wrong one, is 401', async () => {
    const isOpen = open.includes(operationId)
    for (const key of [null, 'nonsense', `bhk_${'x'.repeat(43)}`]) {
      const { status } = await callOperation(operationId, key, 'alice')
      if (isOpen) expect(refusals).not.toContain(status)
      else expect(status).toBe(401)
    }
  })

  test('an admin may call it', async () => {
    const { status } = await callOperation(operationId, bed.adminKey, 'alice')
    expect(refusals).not.toContain(status)
    expect(status).toBeLessThan(500)
  })

  const isForViewers =
    open.includes(operationId) ||
    postsForViewers.includes(operationId) ||
    (method === 'GET' && !notForViewers.includes(operationId))
  test(isForViewers ? 'a viewer may call it' : 'a viewer may not', async () => {
    const { status } = await callOperation(operationId, keys['viewer'] ?? '', 'alice')
    if (isForViewers) expect(refusals).not.toContain(status)
    else expect(status).toBe(403)
  })

  const isForTenants = open.includes(operationId) || forTenants.includes(operationId)
  test(isForTenants ? "a tenant may call it about its own, and another's is 404" : 'a tenant may not', async () => {
    const own = await callOperation(operationId, keys['alice'] ?? '', 'alice')
    if (!isForTenants) return expect(own.status).toBe(403)
    expect(refusals).not.toContain(own.status)
    const spec = routeTable.find((route) => route.spec.operationId === operationId)?.spec
    if (!spec?.path.includes(':tenantId') && !spec?.path.includes('/containers/:id')) return
    if (operationId !== 'releaseTenant') expect(own.status).toBeLessThan(400)
    const theirs = await callOperation(operationId, keys['alice'] ?? '', 'bob')
    expect(theirs.status).toBe(404)
  })
})

test("what is not there and what is another tenant's look the same", async () => {
  const same = (reply: Reply, name: string) => ({
    ...reply.body,
    correlationId: '',
    detail: reply.body.detail.replace(name, '?'),
  })
  const key = keys['alice'] ?? ''
  const bobs = containers['bob'] ?? ''
  expect(same(await bed.call('GET', `/api/v1/containers/${bobs}`, { key }), bobs)).toEqual(
    same(await bed.call('GET', '/api/v1/containers/nothing', { key }), 'nothing'),
  )
  expect(same(await bed.call('GET', '/api/v1/tenants/bob', { key }), 'bob')).toEqual(
    same(await bed.call('GET', '/api/v1/tenants/nobody', { key }), 'nobody'),
  )
})

test('an unset key never means that authentication is off', async () => {
  const { status } = await bed.call('GET', '/api/v1/pools', { key: '' })
  const empty = await bed.call('GET', '/api/v1/pools', { key: null, headers: { authorization: 'Bearer ' } })
  const basic = await bed.call('GET', '/api/v1/pools', { key: null, headers: { authorization: 'Basic YTpi' } })
  expect([status, empty.status, basic.status]).toEqual([401, 401, 401])
})

test("a tenant's key claims from the pools it lists and no others: any other is not found", async () => {
  const none = await bed.makeKey({ role: 'tenant', tenantId: 'carol' })
  const unlisted = await bed.call('POST', '/api/v1/tenants/carol/claim', { key: none, body: { poolId: 'demo' } })
  const unknown = await bed.call('POST', '/api/v1/tenants/carol/claim', { key: none, body: { poolId: 'nothing' } })
  expect([unlisted.status, unlisted.body.code]).toEqual([404, 'pool.not_found'])
  expect(unknown.body.code).toBe('pool.not_found')
})

test('exec, logs and files reach no container of the host that is not ours', async () => {
  for (const path of ['logs', 'files?path=/etc/passwd']) {
    expect((await bed.call('GET', `/api/v1/containers/some-other-container/${path}`)).body.code).toBe('container.not_found')
  }
  const exec = await bed.call('POST', '/api/v1/containers/dockerd/exec', { body: { command: ['id'] } })
  expect(exec.body.code).toBe('container.not_found')
})
