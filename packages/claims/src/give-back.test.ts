import { Fault, type ContainerId, type TenantId } from '@boilerhouse/base'
import type { Store } from '@boilerhouse/store'
import { describe, expect, test } from 'bun:test'

import type { Claims } from './claims.ts'
import { codeOf } from './fault-code.fixture.ts'
import { stateful } from './state-files.fixture.ts'
import { claimRequest, context, createWorld, type World } from './world.fixture.ts'

type ClaimStore = Store['claims']

const away = () => new Fault('store.unavailable', 'the database does not answer')

const alice = 'alice' as TenantId
const claimOf = (claims: Claims, tenant: string) => claims.claim(tenant as TenantId, claimRequest({ waitMs: 500 }), context())

/** Another process, which calls the store's claims in its own way. */
const processWith = (world: World, change: (real: ClaimStore) => Partial<ClaimStore>): Claims =>
  world.another({ store: { ...world.store, claims: { ...world.store.claims, ...change(world.store.claims) } } })

describe('a candidate whose bind throws is handed out again', () => {
  test('where nothing was written, to the next claim', async () => {
    using world = await createWorld({ pool: { maxSize: 1 }, warm: 1 })
    let binds = 0
    const claims = processWith(world, ({ bind }) => ({
      bind: async (...args) => (binds++ === 0 ? Promise.reject(away()) : bind(...args)),
    }))
    expect(await codeOf(claimOf(claims, 'alice'))).toBe('store.unavailable')
    expect((await claimOf(claims, 'bob')).answer.source).toBe('pool')
  })

  test('where it was committed, it costs the next claim one attempt, and the tenant gets what is bound', async () => {
    using world = await createWorld({ pool: { maxSize: 2 }, warm: 2 })
    const tried: string[] = []
    const claims = processWith(world, ({ bind }) => ({
      async bind(...args) {
        const bound = await bind(...args)
        tried.push(`${args[0].tenantId} ${bound.outcome}`)
        if (tried.length === 1) throw away()
        return bound
      },
    }))
    expect(await codeOf(claimOf(claims, 'alice'))).toBe('store.unavailable')
    const first = (await world.live('alice'))!.containerId as string
    const { answer } = await claimOf(claims, 'bob')
    expect([answer.source, answer.containerId === first]).toEqual(['pool', false])
    expect((await claimOf(claims, 'alice')).answer.containerId).toBe(first)
    expect(tried.filter((each) => each.startsWith('bob')).length).toBeLessThanOrEqual(2)
  })

  test('where a recovery bound it, to the next try', async () => {
    using world = await createWorld({ pool: { maxSize: 1 }, warm: 1 })
    const { answer } = await world.claim('alice')
    let rebinds = 0
    const claims = processWith(world, ({ rebind }) => ({
      rebind: async (...args) => (rebinds++ === 0 ? Promise.reject(away()) : rebind(...args)),
    }))
    await world.lose(answer.containerId as ContainerId)
    const { id } = (await world.live('alice'))!
    expect(await codeOf(claims.resume(id, context()))).toBe('store.unavailable')
    expect((await claimOf(claims, 'alice')).answer.state).toBe('active')
  })

  test('where verifyOnClaim could not be done: its caller left, or the engine did not answer', async () => {
    using world = await createWorld({
      pool: { maxSize: 1, verifyOnClaim: true },
      workload: { healthCheck: { command: ['true'] } },
      warm: 1,
    })
    const [containerId] = (await world.store.containers.all({ poolId: world.poolId })).map(({ id }) => id)
    world.runtime.control.setProbe(containerId!, 'hang')
    const caller = new AbortController()
    const left = codeOf(world.claim('alice', {}, { signal: caller.signal }))
    await world.until(() => world.runtime.control.calls('probe') === 1)
    caller.abort()
    expect(await left).toBe('claim.timeout')
    world.runtime.control.setProbe(containerId!, 'pass')
    world.runtime.control.failNext('probe')
    expect(await codeOf(world.claim('alice', { waitMs: 500 }))).toBe('runtime.unavailable')
    expect((await world.claim('bob', { waitMs: 500 })).answer.source).toBe('pool')
  })
})

/** A process whose binds and rebinds for alice are held until bob waits for the container that they hold. */
async function bobWaits(
  world: World,
  begin: (claims: Claims) => Promise<unknown>,
  change: (real: ClaimStore) => Partial<ClaimStore> = (real) => real,
): Promise<readonly [string, string]> {
  const reached = Promise.withResolvers<void>()
  const held = Promise.withResolvers<void>()
  let looks = 0
  const hold = () => {
    reached.resolve()
    return held.promise
  }
  const claims = processWith(world, (store) => {
    const real = { ...store, ...change(store) }
    return {
      bind: async (...args) => (args[0].tenantId === alice ? hold().then(() => real.bind(...args)) : real.bind(...args)),
      rebind: (...args) => hold().then(() => real.rebind(...args)),
      // What a look at a full pool's queue asks last.
      all: (...args) => real.all(...args).finally(() => looks++),
    }
  })
  const first = codeOf(begin(claims))
  await reached.promise
  // From here on no event has the queue looked at.
  await world.until(async () => (await world.store.events.head()) === world.hub.cursor())
  looks = 0
  const second = codeOf(claimOf(claims, 'bob'))
  await world.until(() => looks > 0)
  await new Promise((resolve) => setImmediate(resolve))
  held.resolve()
  return [await first, await second]
}

const claimOfAlice = (claims: Claims) => claimOf(claims, alice)

describe('a claim that waits for the last warm container gets it where its holder', () => {
  test('may hold no more claims', async () => {
    using world = await createWorld({ pool: { maxSize: 1 }, warm: 1, settings: { maxClaimsPerTenant: 1 } })
    await world.claim(alice, { poolId: await world.addPool('other') })
    expect(await bobWaits(world, claimOfAlice)).toEqual(['claim.quota', 'ok'])
  })

  test('has its files with another claim', async () => {
    using world = await createWorld({ pool: { maxSize: 1 }, warm: 1, workload: stateful })
    await world.claim(alice, { poolId: await world.addPool('other') })
    expect(await bobWaits(world, claimOfAlice)).toEqual(['state.in_use', 'ok'])
  })

  test('has another one of the pool already', async () => {
    using world = await createWorld({ pool: { maxSize: 2 }, warm: 1 })
    await world.claim(alice)
    await world.addWarm()
    expect(await bobWaits(world, claimOfAlice)).toEqual(['ok', 'ok'])
    expect(await world.states()).toEqual(['bound', 'bound'])
  })

  test('met a store that did not answer', async () => {
    using world = await createWorld({ pool: { maxSize: 1 }, warm: 1 })
    const outcomes = await bobWaits(world, claimOfAlice, ({ bind }) => ({
      bind: async (...args) => (args[0].tenantId === alice ? Promise.reject(away()) : bind(...args)),
    }))
    expect(outcomes).toEqual(['store.unavailable', 'ok'])
  })

  test('wanted to recover and is released meanwhile', async () => {
    using world = await createWorld({ pool: { maxSize: 1 }, warm: 1 })
    const { answer } = await world.claim(alice)
    await world.lose(answer.containerId as ContainerId)
    const { id } = (await world.live(alice))!
    const outcomes = await bobWaits(
      world,
      (claims) => claims.resume(id, context()),
      ({ rebind, transition }) => ({
        async rebind(...args) {
          await transition(id, ['recovering'], 'releasing', {}, {})
          return rebind(...args)
        },
      }),
    )
    expect(outcomes).toEqual(['claim.conflict', 'ok'])
  })
})
