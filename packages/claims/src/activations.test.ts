import { Fault, type ContainerId, type TenantId } from '@boilerhouse/base'
import type { Store } from '@boilerhouse/store'
import { expect, test } from 'bun:test'

import { codeOf } from './fault-code.fixture.ts'
import { claimRequest, context, createWorld, type World } from './world.fixture.ts'

/** A process whose marks go through `activate`. */
const withMarks = (world: World, activate: Store['claims']['activate']) =>
  world.another({ store: { ...world.store, claims: { ...world.store.claims, activate } } })

const tenants = Array.from({ length: 20 }, (_, i) => `tenant-${i}` as TenantId)

test('a claim is answered once it is delivered, before its mark is written', async () => {
  using world = await createWorld({ warm: 1 })
  const written = Promise.withResolvers<void>()
  const claims = withMarks(world, async (marks) => {
    await written.promise
    return world.store.claims.activate(marks)
  })
  const { answer } = await claims.claim('alice' as TenantId, claimRequest({ config: { n: 1 } }), context())
  expect(answer.state).toBe('active')
  expect(world.runtime.control.delivered(answer.containerId as ContainerId)?.config).toEqual({ n: 1 })
  expect((await world.live('alice'))?.state).toBe('pending')
  written.resolve()
  await world.until(async () => (await world.live('alice'))?.state === 'active')
})

test('who asks after an answer sees what it said: the tenant, its status, the list, the next claim', async () => {
  using world = await createWorld({ warm: 1 })
  const { claims } = world
  const alice = 'alice' as TenantId
  const asked = async (ask: () => Promise<unknown>): Promise<unknown> => {
    await claims.claim(alice, claimRequest(), context())
    const seen = await ask()
    await world.release(alice)
    await world.addWarm()
    return seen
  }
  expect(await asked(() => claims.tenant(alice))).toMatchObject({ claims: [{ state: 'active' }] })
  expect(await asked(() => claims.status(alice, undefined))).toMatchObject({ state: 'active' })
  expect(await asked(() => claims.tenants({ limit: 10 }))).toMatchObject({ items: [{ claims: [{ state: 'active' }] }] })
  expect(await asked(() => claims.resolve(alice, undefined))).toMatchObject({ state: 'active' })
  expect(await asked(() => claims.claim(alice, claimRequest(), context()))).toMatchObject({
    isNew: false,
    answer: { source: 'existing' },
  })
})

test('claims of the same moment are marked by one write, each with its event', async () => {
  using world = await createWorld({ warm: tenants.length })
  const writes: number[] = []
  const claims = withMarks(world, (marks) => {
    writes.push(marks.length)
    return world.store.claims.activate(marks)
  })
  await Promise.all(tenants.map((tenant) => claims.claim(tenant, claimRequest(), context())))
  await claims.tenants({ limit: 1 })
  expect(writes).toEqual([tenants.length])
  await world.until(() => world.saw('claim.active').length === tenants.length)
})

test('a mark that the store refuses costs nobody a claim: the next pass delivers again and marks it', async () => {
  using world = await createWorld({ warm: 1 })
  const claims = withMarks(world, () => Promise.reject(new Fault('store.unavailable', 'no')))
  const { answer } = await claims.claim('alice' as TenantId, claimRequest(), context())
  await claims.tenants({ limit: 1 })
  expect((await world.live('alice'))?.state).toBe('pending')
  await world.resumeAll()
  expect(await world.live('alice')).toMatchObject({ state: 'active', containerId: answer.containerId as ContainerId })
})

test('a release right after the answer waits for the mark, and is the last word', async () => {
  using world = await createWorld({ warm: 1 })
  await world.claims.claim('alice' as TenantId, claimRequest(), context())
  await world.release('alice')
  expect(await codeOf(world.claims.resolve('alice' as TenantId, undefined))).toBe('claim.not_found')
  await world.until(() => world.saw('claim.releasing').length > 0)
  const order = world.events.filter(({ claimId }) => claimId).map(({ type }) => type)
  expect(order.indexOf('claim.active')).toBeLessThan(order.indexOf('claim.releasing'))
})

test('another process that meets a claim between answer and mark waits for the mark: it is existing, and delivered once', async () => {
  using world = await createWorld({ warm: 1 })
  const alice = 'alice' as TenantId
  const { answer } = await world.claims.claim(alice, claimRequest(), context())
  const met = await world.another().claim(alice, claimRequest(), context())
  expect([met.isNew, met.answer.source, met.answer.containerId]).toEqual([false, 'existing', answer.containerId])
  expect(world.runtime.control.calls('deliver')).toBe(1)
})

test('where the process that delivered is gone, another one delivers again once its grace is over', async () => {
  using world = await createWorld({ warm: 1 })
  const alice = 'alice' as TenantId
  const dead = withMarks(world, () => new Promise(() => {}))
  const { answer } = await dead.claim(alice, claimRequest(), context())
  const met = await world.claims.claim(alice, claimRequest(), context())
  expect([met.answer.state, met.answer.containerId]).toEqual(['active', answer.containerId])
  expect(world.runtime.control.calls('deliver')).toBe(2)
})
