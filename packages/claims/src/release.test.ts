import type { ContainerId, TenantId } from '@boilerhouse/base'
import { execResult } from '@boilerhouse/runtime'
import { expect, test } from 'bun:test'

import { codeOf } from './fault-code.fixture.ts'
import { read, stateful, write } from './state-files.fixture.ts'
import { createWorld, type World } from './world.fixture.ts'

const kept = (world: World, tenant: string) =>
  world.runtime.control.kept({ tenantId: tenant as TenantId, workloadId: world.workloadId })

test('files come back with the next claim, in another container, before it is active', async () => {
  using world = await createWorld({ warm: 2, workload: stateful })
  const first = await world.claim('alice')
  await write(world, 'alice', 'note', 'mine')
  const released = await world.release('alice')
  expect([released.state, released.dataKept]).toEqual(['released', true])
  const second = await world.claim('alice')
  expect(second.answer.source).toBe('pool+data')
  expect(second.answer.containerId).not.toBe(first.answer.containerId)
  expect(await read(world, 'alice', 'note')).toBe('mine')
  await world.until(() => world.saw('claim.restoring').length === 2)
})

test('a returning tenant on a cold boot has its files', async () => {
  using world = await createWorld({ workload: stateful })
  await world.claim('alice')
  await write(world, 'alice', 'note')
  await world.release('alice')
  expect((await world.claim('alice')).answer.source).toBe('cold+data')
})

test('files are in place before a parked program starts and reads them', async () => {
  using world = await createWorld({ warm: 1, workload: { ...stateful, warmth: 'parked' } })
  const order: string[] = []
  await world.claim('alice')
  await write(world, 'alice', 'note')
  await world.release('alice')
  world.runtime.control.behaviour.onMove = ({ kind, entry }) => void order.push(`${kind} ${entry}`)
  world.runtime.control.behaviour.onStarted = () => void order.push('start')
  await world.claim('alice')
  expect(order.at(-1)).toBe('start')
  expect(order).toContain('restore note')
})

test('a restore that fails fails the claim, shows no empty container and loses nothing', async () => {
  using world = await createWorld({ warm: 3, workload: stateful })
  await world.claim('alice')
  for (const name of ['a', 'b', 'c']) await write(world, 'alice', name)
  await world.release('alice')
  const { behaviour } = world.runtime.control
  behaviour.onMove = ({ kind, entry }) => {
    if (kind === 'restore' && entry === 'b') throw new Error('disk on fire')
  }
  expect(await codeOf(world.claim('alice'))).toBe('state.restore_failed')
  expect(await world.live('alice')).toBeUndefined()
  expect(kept(world, 'alice').toSorted()).toEqual(['a', 'b', 'c'])
  expect(world.runtime.control.calls('deliver')).toBe(1)
  behaviour.onMove = () => {}
  expect((await world.claim('alice')).answer.source).toContain('+data')
  for (const name of ['a', 'b', 'c']) expect(await read(world, 'alice', name)).toBe('x')
})

test('a failed restore whose files cannot be put back either keeps claim and container, and a later claim finds everything', async () => {
  using world = await createWorld({ warm: 2, workload: stateful })
  await world.claim('alice')
  for (const name of ['a', 'b']) await write(world, 'alice', name)
  await world.release('alice')
  const { behaviour } = world.runtime.control
  behaviour.onMove = ({ kind, entry }) => {
    if (kind === 'keep' || entry === 'b') throw new Error('disk on fire')
  }
  expect(await codeOf(world.claim('alice'))).toBe('state.restore_failed')
  expect((await world.live('alice'))?.state).toBe('restoring')
  expect(await codeOf(world.claim('alice'))).toBe('state.restore_failed')
  behaviour.onMove = () => {}
  await world.claim('alice')
  for (const name of ['a', 'b']) expect(await read(world, 'alice', name)).toBe('x')
})

test('a failed keep leaves container and files, says why, and a release repeats it', async () => {
  using world = await createWorld({ warm: 1, workload: stateful })
  const { answer } = await world.claim('alice')
  await write(world, 'alice', 'note')
  const { behaviour } = world.runtime.control
  behaviour.onMove = () => {
    throw new Error('disk on fire')
  }
  await expect(world.release('alice')).rejects.toThrow('disk on fire')
  const failed = (await world.live('alice'))!
  expect([failed.state, failed.containerId as string]).toEqual(['release_failed', answer.containerId])
  expect((await world.store.containers.get(failed.containerId!))?.state).toBe('bound')
  expect(await codeOf(world.claim('alice'))).toBe('claim.release_failed')
  await world.resumeAll()
  expect((await world.live('alice'))?.state).toBe('release_failed')
  behaviour.onMove = () => {}
  expect((await world.release('alice')).dataKept).toBe(true)
  expect(kept(world, 'alice')).toEqual(['note'])
})

test('force ends a release_failed claim; what could not be kept stays in a quarantined container and is named', async () => {
  using world = await createWorld({ warm: 1, workload: stateful })
  const { answer } = await world.claim('alice')
  await write(world, 'alice', 'note')
  world.runtime.control.behaviour.onMove = () => {
    throw new Error('disk on fire')
  }
  await codeOf(world.release('alice'))
  const released = await world.release('alice', { force: true })
  expect([released.state, released.dataKept]).toEqual(['released', false])
  await world.until(() => world.saw('claim.released').length > 0)
  expect(world.saw('claim.released')[0]?.data).toMatchObject({ force: true, notKept: expect.stringContaining('disk on fire') })
  expect((await world.store.containers.get(answer.containerId as ContainerId))?.state).toBe('quarantined')
  expect(world.runtime.control.container(answer.containerId as ContainerId)).toBeDefined()
})

test('discard throws the files away', async () => {
  using world = await createWorld({ warm: 2, workload: stateful })
  await world.claim('alice')
  await write(world, 'alice', 'note')
  expect((await world.release('alice', { discard: true })).dataKept).toBe(false)
  expect(kept(world, 'alice')).toEqual([])
  expect((await world.claim('alice')).answer.source).toBe('pool')
})

test('discard after a release that failed halfway throws away what was kept of it too', async () => {
  using world = await createWorld({ warm: 2, workload: stateful })
  await world.claim('alice')
  for (const name of ['a', 'b', 'c']) await write(world, 'alice', name)
  const { behaviour } = world.runtime.control
  behaviour.onMove = ({ entry }) => {
    if (entry === 'b') throw new Error('disk on fire')
  }
  expect(await codeOf(world.release('alice'))).toBe('claim.release_failed')
  expect(kept(world, 'alice')).toEqual(['a'])
  expect((await world.release('alice', { discard: true })).dataKept).toBe(false)
  behaviour.onMove = () => {}
  expect(kept(world, 'alice')).toEqual([])
  expect((await world.claim('alice')).answer.source).toBe('pool')
})

test('a preRelease hook that fails is release_failed; with onError continue the release goes on', async () => {
  for (const [onError, code] of [
    ['fail', 'claim.release_failed'],
    ['continue', 'ok'],
  ] as const) {
    using world = await createWorld({ warm: 1, workload: { ...stateful, hooks: { preRelease: { command: ['x'], onError } } } })
    await world.claim('alice')
    world.runtime.control.behaviour.onExec = () => execResult(1)
    expect(await codeOf(world.release('alice'))).toBe(code)
    expect((await world.live('alice'))?.state).toBe(code === 'ok' ? undefined : 'release_failed')
    world.runtime.control.behaviour.onExec = () => execResult(0)
    if (code !== 'ok') expect((await world.release('alice')).state).toBe('released')
  }
})

test('an engine that does not answer leaves the claim releasing, and the next pass goes on', async () => {
  using world = await createWorld({ warm: 1, workload: stateful })
  await world.claim('alice')
  await write(world, 'alice', 'note')
  world.runtime.control.disconnect()
  expect(await codeOf(world.release('alice'))).toBe('runtime.unavailable')
  expect((await world.live('alice'))?.state).toBe('releasing')
  world.runtime.control.reconnect()
  await world.resumeAll()
  expect(await world.live('alice')).toBeUndefined()
  expect(kept(world, 'alice')).toEqual(['note'])
})

test('equal releases at once are one release', async () => {
  using world = await createWorld({ warm: 1, workload: stateful })
  await world.claim('alice')
  const answers = await Promise.all([world.release('alice'), world.release('alice'), world.release('alice')])
  expect(answers.map(({ state }) => state)).toEqual(['released', 'released', 'released'])
  expect(world.runtime.control.calls('stop')).toBe(1)
})

test('the container goes only after the claim is released', async () => {
  using world = await createWorld({ warm: 1, workload: stateful })
  await world.claim('alice')
  await world.release('alice')
  await world.until(() => world.saw('container.destroyed').length > 0)
  const order = world.events
    .map(({ type }) => type)
    .filter((type) => ['claim.releasing', 'claim.released', 'container.released', 'container.destroyed'].includes(type))
  expect(order).toEqual(['claim.releasing', 'claim.released', 'container.released', 'container.destroyed'])
})

test('without poolId the only claim is meant; several are claim.ambiguous with the list; none is claim.not_found', async () => {
  using world = await createWorld({ warm: 1 })
  const other = await world.addPool('other')
  await world.claim('alice')
  await world.claim('alice', { poolId: other })
  expect(await codeOf(world.release('alice'))).toBe('claim.ambiguous')
  const error = await world.release('alice').catch((each: { extra?: unknown }) => each)
  expect((error as { extra: { claims: unknown[] } }).extra.claims).toHaveLength(2)
  await world.release('alice', { poolId: other })
  await world.release('alice')
  expect(await codeOf(world.release('alice'))).toBe('claim.not_found')
})

test('a slow release that another process takes up is done for both, and told once', async () => {
  using world = await createWorld({ warm: 1, workload: stateful })
  const other = world.another()
  await world.claim('alice')
  await write(world, 'alice', 'note', 'mine')
  world.runtime.control.behaviour.stopDelayMs = 30
  const asked = world.release('alice')
  await world.until(async () => (await world.live('alice'))?.state === 'releasing')
  const [released] = await Promise.all([asked, world.resumeAll(other)])
  expect(released.state).toBe('released')
  expect(world.saw('claim.released')).toHaveLength(1)
  expect(kept(world, 'alice')).toEqual(['note'])
})
