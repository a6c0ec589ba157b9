import type { TenantId } from '@boilerhouse/base'
import { expect, test } from 'bun:test'

import { codeOf } from './fault-code.fixture.ts'
import { stateful } from './state-files.fixture.ts'
import { createWorld } from './world.fixture.ts'

const alice = 'alice' as TenantId

test('a tenant is shown with config, names of secrets, endpoints and whether its config still fits', async () => {
  using world = await createWorld({
    warm: 1,
    workload: {
      ...stateful,
      ports: [
        { name: 'web', containerPort: 80 },
        { name: 'db', containerPort: 81, protocol: 'tcp' },
      ],
    },
    settings: { proxyUrl: (tenantId, poolId, port) => `http://proxy/t/${tenantId}/${poolId}/${port.name}/` },
  })
  await world.claim('alice', { config: { a: 1 }, secrets: { TOKEN: 'x' }, metadata: { m: '1' } })
  const { claims } = await world.claims.tenant(alice)
  expect(claims).toHaveLength(1)
  expect(claims[0]).toMatchObject({
    state: 'active',
    config: { a: 1 },
    configValid: true,
    secretNames: ['TOKEN'],
    metadata: { m: '1' },
  })
  expect(Object.keys(claims[0]?.endpoints ?? {}).toSorted()).toEqual(['db', 'proxy', 'web'])
  expect(claims[0]?.endpoints['proxy']).toBe('http://proxy/t/alice/demo/web/')
  expect(claims[0]?.endpoints['db']).not.toHaveProperty('url')
})

test('status tells what is assigned, and after a release when files were kept', async () => {
  using world = await createWorld({ warm: 1, workload: stateful })
  expect(await world.claims.status(alice, undefined)).toEqual({
    tenantId: alice,
    assigned: false,
    syncStatus: { pending: 0, errors: [] },
  })
  const { answer } = await world.claim('alice')
  expect(await world.claims.status(alice, undefined)).toMatchObject({
    assigned: true,
    containerId: answer.containerId,
    state: 'active',
  })
  await world.release('alice')
  const status = await world.claims.status(alice, undefined)
  expect(status).toMatchObject({ assigned: false, state: 'released' })
  expect(status.syncStatus.lastSync).toBeDefined()
  expect((await world.claims.tenant(alice)).claims[0]?.state).toBe('released')
})

test('a release that failed is shown with its reason', async () => {
  using world = await createWorld({ warm: 1, workload: stateful })
  await world.claim('alice')
  world.runtime.control.failNext('keep', () => new Error('disk on fire'))
  await codeOf(world.release('alice'))
  expect((await world.claims.status(alice, undefined)).syncStatus.errors[0]).toContain('disk on fire')
})

test('an unknown tenant is claim.not_found', async () => {
  using world = await createWorld()
  expect(await codeOf(world.claims.tenant(alice))).toBe('claim.not_found')
  expect(await codeOf(world.claims.resolve(alice, undefined))).toBe('claim.not_found')
})

test('the list shows every tenant once and whole, whatever the page size', async () => {
  using world = await createWorld({ warm: 5 })
  const other = await world.addPool('other')
  await world.addWarm(5, other)
  for (let n = 0; n < 5; n++) {
    await world.claim(`t${n}`)
    await world.claim(`t${n}`, { poolId: other })
  }
  for (const limit of [1, 2, 3, 7, 50]) {
    const seen: string[] = []
    let cursor: string | undefined
    do {
      const page = await world.claims.tenants({ limit, ...(cursor === undefined ? {} : { cursor }) })
      for (const { tenantId, claims } of page.items) {
        seen.push(tenantId)
        expect(claims).toHaveLength(2)
      }
      cursor = page.nextCursor
    } while (cursor !== undefined)
    expect(seen).toEqual(['t0', 't1', 't2', 't3', 't4'])
  }
  expect((await world.claims.tenants({ limit: 50, poolId: other })).items).toHaveLength(5)
  expect(await codeOf(world.claims.tenants({ limit: 1, cursor: 'x' }))).toBe('request.invalid')
})
