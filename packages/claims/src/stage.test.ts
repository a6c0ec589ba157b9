import { Fault, type ContainerId, type TenantId } from '@boilerhouse/base'
import type { Store } from '@boilerhouse/store'
import { expect, test } from 'bun:test'

import { codeOf } from './fault-code.fixture.ts'
import { claimRequest, context, createWorld, type World } from './world.fixture.ts'

type Bind = Store['claims']['bind']

/** Claims of a process whose binds take as long as a database takes, and what it stages, takes back and delivers. */
function staging(world: World, bind: Bind = world.store.claims.bind) {
  const told: string[] = []
  const claims = world.another({
    store: {
      ...world.store,
      claims: {
        ...world.store.claims,
        bind: async (...input) => {
          await Bun.sleep(5)
          return bind(...input)
        },
      },
    },
    runtime: {
      ...world.runtime,
      stage: (_, { tenantId }) => void told.push(`stage ${tenantId}`),
      unstage: () => void told.push('unstage'),
      deliver: (containerId: ContainerId, delivery, signal) => {
        told.push(`deliver ${delivery.tenantId}`)
        return world.runtime.deliver(containerId, delivery, signal)
      },
    },
  })
  const claim = (tenant: string) => codeOf(claims.claim(tenant as TenantId, claimRequest({ waitMs: 500 }), context()))
  return { told, claim }
}

test("a claim's files are staged while it is being bound, and delivered", async () => {
  using world = await createWorld({ warm: 1 })
  const { told, claim } = staging(world)
  expect(await claim('alice')).toBe('ok')
  expect(told).toEqual(['stage alice', 'deliver alice'])
})

test('what was staged for a container that another process bound first is taken back', async () => {
  using world = await createWorld({ warm: 2 })
  let binds = 0
  const { told, claim } = staging(world, async (...input) =>
    binds++ === 0 ? { outcome: 'taken' } : world.store.claims.bind(...input),
  )
  expect(await claim('alice')).toBe('ok')
  expect(told).toEqual(['stage alice', 'unstage', 'stage alice', 'deliver alice'])
})

test('so it is where the tenant has a claim already, or the store does not answer', async () => {
  using world = await createWorld({ warm: 2 })
  await world.claim('alice')
  const held = staging(world)
  expect(await held.claim('alice')).toBe('ok')
  expect(held.told).toEqual(['stage alice', 'unstage'])
  const away = staging(world, () => Promise.reject(new Fault('store.unavailable', 'the database does not answer')))
  expect(await away.claim('bob')).toBe('store.unavailable')
  expect(away.told).toEqual(['stage bob', 'unstage'])
})

test('a bind that is through before its files are staged has none staged after its delivery', async () => {
  using world = await createWorld({ warm: 1 })
  const told: string[] = []
  const claims = world.another({ runtime: { ...world.runtime, stage: () => void told.push('stage') } })
  expect(await codeOf(claims.claim('alice' as TenantId, claimRequest(), context()))).toBe('ok')
  await new Promise((resolve) => setImmediate(resolve))
  expect(told).toEqual([])
})
