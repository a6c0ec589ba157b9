import type { TenantId } from '@boilerhouse/base'
import { execResult } from '@boilerhouse/runtime'
import { expect, test } from 'bun:test'

import { mortal, type Life } from './mortal.fixture.ts'
import { claimRequest, context, createWorld } from './world.fixture.ts'

test('a waiting claim asks nobody anything until an event comes', async () => {
  using world = await createWorld()
  world.driver.isHeld = true
  const life: Life = { dieAt: Infinity, when: 'before', calls: 0 }
  const claims = world.another({ store: mortal(world.store, life), runtime: mortal(world.runtime, life) })
  const waiting = claims.claim('alice' as TenantId, claimRequest(), context())
  await world.until(() => world.saw('container.created').length > 0)
  await new Promise((resolve) => setTimeout(resolve, 20))
  const { calls } = life
  await new Promise((resolve) => setTimeout(resolve, 200))
  expect(life.calls).toBe(calls)
  world.driver.go()
  expect((await waiting).answer.source).toBe('cold')
})

test('one slow tenant delays nobody else', async () => {
  using world = await createWorld({ warm: 2, workload: { hooks: { postClaim: { command: ['x'], timeoutMs: 60_000 } } } })
  const slow = Promise.withResolvers<void>()
  let hooks = 0
  world.runtime.control.behaviour.onExec = () => (hooks++ === 0 ? slow.promise.then(() => execResult(0)) : execResult(0))
  const first = world.claim('slow')
  await world.until(() => hooks === 1)
  expect((await world.claim('quick')).answer.state).toBe('active')
  slow.resolve()
  expect((await first).answer.state).toBe('active')
})

test('a resume leaves a claim alone while a request works on it', async () => {
  using world = await createWorld({ warm: 1, workload: { hooks: { postClaim: { command: ['x'], timeoutMs: 60_000 } } } })
  const slow = Promise.withResolvers<void>()
  world.runtime.control.behaviour.onExec = () => slow.promise.then(() => execResult(0))
  const claiming = world.claim('alice')
  await world.until(() => world.runtime.control.calls('exec') === 1)
  const again = await world.claims.resume((await world.live('alice'))!.id, context())
  expect(again.againMs).toBeGreaterThan(0)
  slow.resolve()
  await claiming
  expect(world.runtime.control.calls('deliver')).toBe(1)
})
