import type { ContainerId } from '@boilerhouse/base'
import { expect, test } from 'bun:test'

import { codeOf } from './fault-code.fixture.ts'
import { createWorld } from './world.fixture.ts'

const parked = { warmth: 'parked', healthCheck: { tcp: { port: 80 } } }

test('a parked claim is active only once the started program answers its probe', async () => {
  using world = await createWorld({ warm: 1, workload: parked })
  let probes = 0
  world.runtime.control.behaviour.onProbe = () => (++probes < 4 ? 'fail' : 'pass')
  const { answer } = await world.claim('alice')
  expect(probes).toBe(4)
  expect(answer.state).toBe('active')
  expect(world.runtime.control.isStarted(answer.containerId as ContainerId)).toBe(true)
  expect(answer.timings['probe']).toBeDefined()
})

test('ready: started does not wait for the first probe', async () => {
  using world = await createWorld({ warm: 1, workload: parked })
  world.runtime.control.behaviour.onProbe = () => 'fail'
  const { answer } = await world.claim('alice', { ready: 'started' })
  expect(world.runtime.control.isStarted(answer.containerId as ContainerId)).toBe(true)
  expect(world.runtime.control.calls('probe')).toBe(0)
})

test('a program that does not answer in time is claim.timeout, and the next claim goes on with it', async () => {
  using world = await createWorld({ warm: 2, workload: parked })
  world.runtime.control.behaviour.onProbe = () => 'fail'
  expect(await codeOf(world.claim('alice', { waitMs: 50 }))).toBe('claim.timeout')
  const held = (await world.live('alice'))!
  expect(held.state).toBe('pending')
  world.runtime.control.behaviour.onProbe = () => 'pass'
  expect((await world.claim('alice')).answer.containerId).toBe(held.containerId as string)
})

test('a program that never answers ends its claim after startDeadlineMs: no claim is stuck', async () => {
  using world = await createWorld({ warm: 1, workload: parked, pool: { startDeadlineMs: 1000 } })
  world.runtime.control.behaviour.onProbe = () => 'fail'
  expect(await codeOf(world.claim('alice', { waitMs: 20 }))).toBe('claim.timeout')
  world.clock.shift(2000)
  await world.resumeAll()
  expect(await world.live('alice')).toBeUndefined()
  expect(world.saw('claim.failed')[0]?.data['reason']).toContain('not within startDeadlineMs')
})

test('a program that dies before it answers fails the claim at once', async () => {
  using world = await createWorld({ warm: 1, workload: parked })
  world.runtime.control.behaviour.onProbe = () => 'fail'
  const claiming = codeOf(world.claim('alice', { waitMs: 60_000 }))
  await world.until(() => world.runtime.control.calls('probe') > 1)
  await world.lose((await world.live('alice'))!.containerId!)
  expect(await claiming).toBe('claim.not_healthy')
  expect(await world.live('alice')).toBeUndefined()
})

test('a release interrupts a claim that is still being delivered', async () => {
  using world = await createWorld({ warm: 1, workload: parked })
  world.runtime.control.behaviour.onProbe = () => 'fail'
  const claiming = codeOf(world.claim('alice', { waitMs: 60_000 }))
  await world.until(() => world.runtime.control.calls('probe') > 1)
  expect((await world.release('alice')).state).toBe('released')
  expect(await claiming).toBe('claim.conflict')
})
