import type { TenantId } from '@boilerhouse/base'
import { expect, test } from 'bun:test'

import { read, stateful, write } from './state-files.fixture.ts'
import { context, createWorld } from './world.fixture.ts'

const idle = (action: 'release' | 'destroy') => ({ ...stateful, idle: { timeoutMs: 10_000, action } })

test('a claim idles out after its last use, its files are kept, and an event says so', async () => {
  using world = await createWorld({ warm: 2, workload: idle('release') })
  await world.claim('alice')
  await write(world, 'alice', 'note')
  world.clock.shift(9_000)
  await world.resumeAll()
  expect((await world.live('alice'))?.state).toBe('active')
  world.clock.shift(2_000)
  await world.resumeAll()
  expect(await world.live('alice')).toBeUndefined()
  await world.until(() => world.saw('claim.idle').length === 1)
  await world.claim('alice')
  expect(await read(world, 'alice', 'note')).toBe('x')
})

test('action destroy is honoured: the files go with the container', async () => {
  using world = await createWorld({ warm: 2, workload: idle('destroy') })
  await world.claim('alice')
  await write(world, 'alice', 'note')
  world.clock.shift(11_000)
  await world.resumeAll()
  expect((await world.claim('alice')).answer.source).toBe('pool')
})

test('the idle timer is no fixed lifetime: touch, proxied bytes and claims refresh it', async () => {
  using world = await createWorld({ warm: 1, workload: idle('release') })
  await world.claim('alice')
  const { id } = (await world.live('alice'))!
  const uses = [
    () => world.claims.touch('alice' as TenantId, undefined, context()),
    () => world.claims.noteActivity(id),
    () => world.claim('alice'),
    () => world.claims.noteActivity(id),
  ]
  for (const use of uses) {
    world.clock.shift(8_000)
    await use()
    await world.resumeAll()
  }
  expect((await world.live('alice'))?.state).toBe('active')
  const status = await world.claims.status('alice' as TenantId, undefined)
  expect(Date.parse(status.idleExpiresAt ?? '')).toBeGreaterThan(world.clock.nowMs() + 9_000)
})

test('an idle claim ends after a restart too: its time is in its row, what was noted is flushed', async () => {
  using world = await createWorld({ warm: 1, workload: idle('release') })
  await world.claim('alice')
  world.clock.shift(5_000)
  world.claims.noteActivity((await world.live('alice'))!.id)
  await world.claims.close()
  const next = world.another()
  world.clock.shift(8_000)
  await world.resumeAll(next)
  expect((await world.live('alice'))?.state).toBe('active')
  world.clock.shift(3_000)
  await world.resumeAll(next)
  expect(await world.live('alice')).toBeUndefined()
})

test('resume tells when to look at an active claim again', async () => {
  using world = await createWorld({ warm: 1, workload: idle('release') })
  await world.claim('alice')
  const { againMs } = await world.claims.resume((await world.live('alice'))!.id, context())
  expect(againMs).toBeGreaterThan(9_000)
  expect(againMs).toBeLessThanOrEqual(10_000)
})
