import { isFault, type ContainerId, type TenantId } from '@boilerhouse/base'
import { expect, test } from 'bun:test'

import { codeOf } from './fault-code.fixture.ts'
import { claimRequest, context, createWorld } from './world.fixture.ts'

test('a miss below maxSize starts a container and waits for it by event', async () => {
  using world = await createWorld({ pool: { maxSize: 1 } })
  const { answer } = await world.claim('alice')
  expect(answer.source).toBe('cold')
  expect(answer.timings['wait']).toBeDefined()
  const row = await world.store.containers.get(answer.containerId as ContainerId)
  expect(row?.onDemand).toBe(true)
})

test('a miss waits for a container that is already starting and starts no second one', async () => {
  using world = await createWorld({ pool: { maxSize: 5 } })
  world.driver.isHeld = true
  const waiting = world.claim('alice')
  await world.until(async () => (await world.states()).length === 1)
  world.driver.go()
  await waiting
  expect(await world.states()).toEqual(['bound'])
})

test('ten claims that miss start ten containers, and each gets its own', async () => {
  using world = await createWorld({ pool: { maxSize: 10 } })
  const answers = await Promise.all(Array.from({ length: 10 }, (_, n) => world.claim(`t${n}`)))
  expect(new Set(answers.map(({ answer }) => answer.containerId)).size).toBe(10)
  expect(await world.states()).toHaveLength(10)
})

test('a full pool answers pool.exhausted with Retry-After at once, and only to those for whom nothing is coming', async () => {
  using world = await createWorld({ pool: { maxSize: 2 } })
  world.driver.isHeld = true
  const outcomes = Promise.all(Array.from({ length: 5 }, (_, n) => codeOf(world.claim(`t${n}`))))
  await world.until(async () => (await world.states()).length === 2)
  world.driver.go()
  expect((await outcomes).toSorted()).toEqual(['ok', 'ok', 'pool.exhausted', 'pool.exhausted', 'pool.exhausted'])
  try {
    await world.claim('late')
    expect.unreachable()
  } catch (error) {
    expect(isFault(error, 'pool.exhausted') && error.retryAfterMs).toBeGreaterThan(0)
  }
})

test('a claim waits for the refill that took the last place while it looked', async () => {
  using world = await createWorld({ pool: { maxSize: 1 } })
  const { containers: real } = world.store
  let looks = 0
  const create: typeof real.create = async (...args) => {
    if (looks++ === 0) await world.addWarm()
    return real.create(...args)
  }
  const containers = { ...real, create }
  const claims = world.another({ store: { ...world.store, containers } })
  const { answer } = await claims.claim('alice' as TenantId, claimRequest(), context())
  expect([answer.source, looks, await world.states()]).toEqual(['cold', 1, ['bound']])
})

test('a container that becomes warm while a waiting claim counts what is coming is given to it, and no second one starts', async () => {
  using world = await createWorld({ pool: { maxSize: 5 } })
  const { containers } = world.store
  let counts = 0
  const late: typeof containers.counts = async (...args) => {
    if (counts++ > 0) await goWarm()
    return containers.counts(...args)
  }
  const goWarm = async () => {
    world.driver.go()
    await world.until(async () => !(await world.states()).includes('starting'))
  }
  const claims = world.another({ store: { ...world.store, containers: { ...containers, counts: late } } })
  world.driver.isHeld = true
  const waiting = claims.claim('alice' as TenantId, claimRequest(), context())
  await world.until(() => world.saw('container.created').length === 1)
  // Anything about the pool has its queue looked at once more.
  await world.store.events.append({ type: 'pool.updated', actor: 't', subject: 'pool/demo', poolId: world.poolId })
  await world.until(() => counts > 1)
  expect([(await waiting).answer.source, await world.states()]).toEqual(['cold', ['bound']])
})

test('a claim of a full pool waits for a container that is just being released', async () => {
  using world = await createWorld({ pool: { maxSize: 1 }, warm: 1 })
  await world.claim('alice')
  world.runtime.control.behaviour.stopDelayMs = 30
  const releasing = world.release('alice')
  await world.until(async () => (await world.live('alice'))?.state === 'releasing')
  expect((await world.claim('bob')).answer.source).toBe('cold')
  await releasing
})

test('a claim of a full pool takes the place that becomes free while it looks', async () => {
  using world = await createWorld({ pool: { maxSize: 1 }, warm: 1 })
  await world.claim('alice')
  const { containers } = world.store
  let refusals = 0
  const create: typeof containers.create = async (...args) => {
    const created = await containers.create(...args)
    if (created.outcome !== 'full' || refusals++ > 0) return created
    await world.release('alice')
    await world.until(async () => !(await world.states()).includes('bound'))
    return created
  }
  const claims = world.another({ store: { ...world.store, containers: { ...containers, create } } })
  const { answer } = await claims.claim('bob' as TenantId, claimRequest(), context())
  expect([answer.source, refusals]).toEqual(['cold', 1])
})

test('a claim that is not served within waitMs is claim.timeout, and the next one goes on', async () => {
  using world = await createWorld()
  world.driver.isHeld = true
  expect(await codeOf(world.claim('alice', { waitMs: 20 }))).toBe('claim.timeout')
  expect(await codeOf(world.claim('alice', { waitMs: 0 }))).toBe('claim.timeout')
  expect(await world.states()).toEqual(['starting'])
  world.driver.go()
  expect((await world.claim('alice')).answer.state).toBe('active')
  expect(await world.states()).toEqual(['bound'])
})

test('a pool whose circuit is open answers pool.degraded with the reason, and never starts in a loop', async () => {
  using world = await createWorld()
  const conditions = [
    { type: 'CircuitOpen', reason: 'runtime.start_failed', message: 'exec format error', since: new Date().toISOString() },
  ]
  await world.store.pools.setStatus(
    world.poolId,
    { phase: 'degraded', conditions },
    { event: { type: 'pool.phase', actor: 't', subject: 'pool/demo', poolId: world.poolId } },
  )
  await expect(world.claim('alice')).rejects.toThrow('exec format error')
  expect(await codeOf(world.claim('alice'))).toBe('pool.degraded')
  expect(await world.states()).toEqual([])
})

test('a broken image does not make a waiting claim create containers for ever', async () => {
  using world = await createWorld()
  world.driver.failStarts = 'no such file'
  await expect(world.claim('alice')).rejects.toThrow('no such file')
  expect(await codeOf(world.claim('bob'))).toBe('runtime.start_failed')
  expect(world.saw('container.created').length).toBeLessThanOrEqual(6)
})

test('a workload in error refuses with its reason; one that is being made is waited for', async () => {
  using world = await createWorld()
  const event = { type: 'workload.error', actor: 't', subject: `workload/${world.workloadId}` } as const
  await world.store.workloads.setStatus(world.workloadId, 1, { state: 'error', reason: 'image missing' }, { event })
  await expect(world.claim('alice')).rejects.toThrow('image missing')
  await world.store.workloads.setStatus(
    world.workloadId,
    1,
    { state: 'creating' },
    { event: { ...event, type: 'workload.updated' } },
  )
  await world.until(() => world.saw('workload.updated').length > 0)
  const waiting = world.claim('alice')
  await new Promise((resolve) => setTimeout(resolve, 20))
  expect(await world.states()).toEqual([])
  await world.store.workloads.setStatus(
    world.workloadId,
    1,
    { state: 'ready', imageId: 'sha256:fake-image' },
    { event: { ...event, type: 'workload.ready' } },
  )
  expect((await waiting).answer.source).toBe('cold')
})

test('a pool that is being deleted takes no new claim and still answers those that it holds', async () => {
  using world = await createWorld({ warm: 2 })
  await world.claim('alice')
  await world.store.pools.setStatus(
    world.poolId,
    { phase: 'draining', conditions: [] },
    { event: { type: 'pool.draining', actor: 't', subject: 'pool/demo', poolId: world.poolId } },
  )
  await world.until(() => world.saw('pool.draining').length > 0)
  expect(await codeOf(world.claim('bob'))).toBe('pool.draining')
  expect((await world.claim('alice')).answer.source).toBe('existing')
})

test('the host-wide limit is host.container_limit', async () => {
  using world = await createWorld({ settings: { maxContainers: 1 }, warm: 1 })
  await world.claim('alice')
  expect(await codeOf(world.claim('bob'))).toBe('host.container_limit')
})

test('a start that fails of a full disk is host.disk_full with Retry-After, at the first try', async () => {
  using world = await createWorld()
  world.driver.failStarts = 'host.disk_full: nothing starts while the disk of the host is full'
  const error: unknown = await world.claim('alice').catch((thrown: unknown) => thrown)
  expect(isFault(error, 'host.disk_full') && error.retryAfterMs).toBeGreaterThan(0)
  expect(world.saw('container.created')).toHaveLength(1)
})

test('a pool that says the disk is full starts nothing, and serves again as soon as it no longer says so', async () => {
  using world = await createWorld()
  const condition = { type: 'HostDiskFull', reason: 'host.disk_full', message: 'less than 500 MB are free', since: '' }
  await world.store.pools.setStatus(world.poolId, { phase: 'ready', conditions: [condition] }, {})
  expect(await codeOf(world.claim('alice'))).toBe('host.disk_full')
  expect(await world.states()).toEqual([])
  await world.store.pools.setStatus(world.poolId, { phase: 'ready', conditions: [] }, {})
  expect(await codeOf(world.claim('alice'))).toBe('ok')
})

test('a caller that goes away while it waits leaves no claim behind', async () => {
  using world = await createWorld()
  world.driver.isHeld = true
  const caller = new AbortController()
  const waiting = codeOf(world.claim('alice', {}, { signal: caller.signal }))
  await world.until(async () => (await world.states()).length === 1)
  caller.abort()
  expect(await waiting).toBe('claim.timeout')
  world.driver.go()
  await world.until(async () => (await world.states()).includes('warm'))
  expect(await world.live('alice')).toBeUndefined()
})

test('one caller of several equal ones that goes away takes nothing from the others', async () => {
  using world = await createWorld()
  world.driver.isHeld = true
  const caller = new AbortController()
  const first = world.claim('alice', {}, { signal: caller.signal })
  const second = world.claim('alice', {}, context())
  await world.until(async () => (await world.states()).length === 1)
  caller.abort()
  world.driver.go()
  expect((await second).answer.state).toBe('active')
  await first
})

test('a server that stops tells those who wait', async () => {
  using world = await createWorld()
  world.driver.isHeld = true
  const waiting = codeOf(world.claim('alice'))
  await world.until(async () => (await world.states()).length === 1)
  await world.claims.close()
  expect(await waiting).toBe('server.stopping')
  expect(await world.store.claims.live('alice' as TenantId, world.poolId)).toBeUndefined()
})

test('a claim that waited begins when it got its container: its idle time does not count from the request', async () => {
  using world = await createWorld()
  world.driver.isHeld = true
  const waiting = world.claim('alice')
  await world.until(() => world.saw('container.created').length > 0)
  world.clock.shift(60_000)
  const gotAtMs = Math.floor(world.clock.nowMs())
  world.driver.go()
  expect(Date.parse((await waiting).answer.claimedAt)).toBeGreaterThanOrEqual(gotAtMs)
})
