import type { ContainerId } from '@boilerhouse/base'
import { expect, test } from 'bun:test'

import { codeOf } from './fault-code.fixture.ts'
import { context, createWorld } from './world.fixture.ts'
import { read, stateful, write } from './state-files.fixture.ts'

test('a container that dies under its tenant: its files are kept first, then the claim goes on in a new one', async () => {
  using world = await createWorld({ warm: 2, workload: stateful })
  const { answer } = await world.claim('alice', { config: { a: 1 } })
  await write(world, 'alice', 'note', 'mine')
  await world.lose(answer.containerId as ContainerId)
  await world.resumeAll()
  const claim = (await world.live('alice'))!
  expect([claim.state, claim.id as string, claim.losses.length]).toEqual(['active', answer.claimId, 1])
  expect(claim.containerId as string).not.toBe(answer.containerId)
  expect(await read(world, 'alice', 'note')).toBe('mine')
  expect(world.runtime.control.delivered(claim.containerId!)?.config).toEqual({ a: 1 })
})

test('a lost container whose files cannot be kept stays until they are', async () => {
  using world = await createWorld({ warm: 2, workload: stateful })
  const { answer } = await world.claim('alice')
  await write(world, 'alice', 'note')
  await world.lose(answer.containerId as ContainerId)
  world.runtime.control.behaviour.onMove = () => {
    throw new Error('disk on fire')
  }
  await expect(world.resumeAll()).rejects.toThrow('disk on fire')
  expect((await world.live('alice'))?.containerId as string).toBe(answer.containerId)
  expect((await world.store.containers.get(answer.containerId as ContainerId))?.state).toBe('lost')
  world.runtime.control.behaviour.onMove = () => {}
  await world.resumeAll()
  expect(await read(world, 'alice', 'note')).toBe('x')
})

test('a claim of a tenant whose container was lost recovers it without waiting for a controller', async () => {
  using world = await createWorld({ warm: 2, workload: stateful })
  const { answer } = await world.claim('alice')
  await write(world, 'alice', 'note')
  await world.lose(answer.containerId as ContainerId)
  const again = await world.claim('alice')
  expect(again.answer.claimId).toBe(answer.claimId)
  expect(await read(world, 'alice', 'note')).toBe('x')
})

test('three losses within startDeadlineMs open the circuit with the reason, and a release and a new claim close it', async () => {
  using world = await createWorld({ warm: 6, workload: stateful })
  await world.claim('alice')
  await write(world, 'alice', 'note')
  for (let loss = 0; loss < 3; loss++) {
    await world.lose((await world.live('alice'))!.containerId!)
    await world.resumeAll()
  }
  const open = (await world.live('alice'))!
  expect([open.state, open.containerId, open.losses.length]).toEqual(['recovering', undefined, 3])
  await world.until(() => world.saw('claim.circuit_open').length === 1)
  await expect(world.claim('alice')).rejects.toThrow('its process ended')
  expect(await codeOf(world.claim('alice'))).toBe('claim.circuit_open')
  const rebound = world.saw('container.claimed').length
  await world.resumeAll()
  expect(world.saw('container.claimed')).toHaveLength(rebound)
  await world.release('alice')
  expect((await world.claim('alice')).answer.source).toBe('pool+data')
  expect(await read(world, 'alice', 'note')).toBe('x')
})

test('losses to an engine that ended say nothing of the workload: the claim recovers once that is known', async () => {
  using world = await createWorld({ warm: 6 })
  await world.claim('alice')
  for (let loss = 0; loss < 3; loss++) {
    await world.lose((await world.live('alice'))!.containerId!)
    await world.resumeAll()
  }
  expect(await codeOf(world.claim('alice'))).toBe('claim.circuit_open')
  world.clock.shift(10)
  await world.store.events.append({ type: 'runtime.disconnected', actor: 'controller:container', subject: 'runtime/fake' })
  await world.until(() => world.saw('runtime.disconnected').length === 1)
  await world.resumeAll()
  expect((await world.live('alice'))?.state).toBe('active')
})

test('losses that are far apart never open the circuit', async () => {
  using world = await createWorld({ warm: 6 })
  await world.claim('alice')
  for (let loss = 0; loss < 4; loss++) {
    await world.lose((await world.live('alice'))!.containerId!)
    await world.resumeAll()
    world.clock.shift(40_000)
  }
  expect((await world.live('alice'))?.state).toBe('active')
})

test('a recovery of a full pool waits and is not lost', async () => {
  using world = await createWorld({ warm: 2, pool: { maxSize: 2 } })
  const { answer } = await world.claim('alice')
  await world.claim('bob')
  world.driver.isHeld = true
  await world.lose(answer.containerId as ContainerId)
  const { id } = (await world.live('alice'))!
  const resuming = world.claims.resume(id, context())
  await world.until(async () => (await world.states()).includes('starting'))
  world.driver.go()
  await resuming
  expect((await world.live('alice'))?.state).toBe('active')
})

test('a container that is lost before its claim was active ends the claim, its files kept', async () => {
  using world = await createWorld({ warm: 2, workload: stateful })
  await world.claim('alice')
  await write(world, 'alice', 'note')
  await world.release('alice')
  world.runtime.control.failNext('deliver')
  expect(await codeOf(world.claim('alice'))).toBe('runtime.unavailable')
  await world.lose((await world.live('alice'))!.containerId!)
  await world.resumeAll()
  expect(await world.live('alice')).toBeUndefined()
  await world.claim('alice')
  expect(await read(world, 'alice', 'note')).toBe('x')
})

test('a server that is late to a loss takes no container from the claim that another has recovered meanwhile', async () => {
  using world = await createWorld({ warm: 3, workload: stateful })
  const { answer } = await world.claim('alice')
  await write(world, 'alice', 'note')
  const { id } = (await world.live('alice'))!
  const isElsewhere = async () => {
    const claim = await world.live('alice')
    return claim?.state === 'active' && (claim.containerId as string) !== answer.containerId
  }
  const stop: typeof world.runtime.stop = async (...args) => {
    await world.runtime.stop(...args)
    await world.until(isElsewhere)
  }
  const late = world.another({ runtime: { ...world.runtime, stop } })
  await world.lose(answer.containerId as ContainerId)
  const [lateCode] = await Promise.all([codeOf(late.resume(id, context())), world.claims.resume(id, context())])
  expect(lateCode).toBe('claim.conflict')
  expect([await isElsewhere(), (await world.live('alice'))?.losses.length]).toEqual([true, 1])
  expect(await read(world, 'alice', 'note')).toBe('x')
})

test('removing a bound container keeps its files and moves the claim; it does not count as a loss', async () => {
  using world = await createWorld({ warm: 2, workload: stateful })
  const { answer } = await world.claim('alice')
  await write(world, 'alice', 'note')
  await world.claims.removeContainer(answer.containerId as ContainerId, { force: false }, context())
  const claim = (await world.live('alice'))!
  expect([claim.state, claim.losses.length]).toEqual(['active', 0])
  expect(claim.containerId as string).not.toBe(answer.containerId)
  expect(await read(world, 'alice', 'note')).toBe('x')
  await world.until(async () => (await world.store.containers.get(answer.containerId as ContainerId))?.state === 'gone')
})

test('a removal that another server takes up meanwhile is one removal, and answered as done', async () => {
  using world = await createWorld({ warm: 2, workload: stateful })
  const { answer } = await world.claim('alice')
  await write(world, 'alice', 'note')
  const { id } = (await world.live('alice'))!
  world.runtime.control.setLatency('stop', 30)
  const removed = answer.containerId as ContainerId
  const removing = world.claims.removeContainer(removed, { force: false }, context())
  await world.until(async () => (await world.store.containers.get(removed))?.state === 'lost')
  await world
    .another()
    .resume(id, context({ actor: 'controller:claim' }))
    .catch(() => {})
  await removing
  const claim = (await world.live('alice'))!
  expect([claim.state, claim.losses.length, claim.id]).toEqual(['active', 0, id])
  expect(claim.containerId).not.toBe(removed)
  expect(await read(world, 'alice', 'note')).toBe('x')
  expect((await world.store.containers.get(removed))?.reason).toStartWith('removed by key:')
})

test('removing a bound container by force ends its claim and drops its files', async () => {
  using world = await createWorld({ warm: 1, workload: stateful })
  const { answer } = await world.claim('alice')
  await write(world, 'alice', 'note')
  await world.claims.removeContainer(answer.containerId as ContainerId, { force: true }, context())
  expect(await world.live('alice')).toBeUndefined()
  await world.until(async () => (await world.states()).length === 0)
})

test('removing a warm container drains it; one that is gone is container.not_found', async () => {
  using world = await createWorld({ warm: 1 })
  const [id] = await world.store.containers.warmIds(world.poolId, 1)
  await world.claims.removeContainer(id!, { force: false }, context())
  await world.until(async () => (await world.states()).length === 0)
  expect(await codeOf(world.claims.removeContainer(id!, { force: false }, context()))).toBe('container.not_found')
})
