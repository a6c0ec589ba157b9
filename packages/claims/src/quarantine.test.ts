import type { ContainerId, TenantId } from '@boilerhouse/base'
import { expect, test } from 'bun:test'

import { codeOf } from './fault-code.fixture.ts'
import { read, stateful, write } from './state-files.fixture.ts'
import { context, createWorld, type World } from './world.fixture.ts'

const cannotMove = () => {
  throw new Error('disk on fire')
}

/** A container whose tenant was released by force while the files could not be kept. */
async function setAside(world: World): Promise<ContainerId> {
  const { answer } = await world.claim('alice')
  const id = answer.containerId as ContainerId
  await write(world, 'alice', 'note', 'mine')
  world.runtime.control.behaviour.onMove = cannotMove
  await codeOf(world.release('alice'))
  await world.release('alice', { force: true })
  expect((await world.store.containers.get(id))?.state).toBe('quarantined')
  return id
}
const remove = (world: World, id: ContainerId, force = false) => world.claims.removeContainer(id, { force }, context())

test('a quarantined container is shown, counts in maxSize and is never claimed', async () => {
  using world = await createWorld({ warm: 1, workload: stateful, pool: { maxSize: 1 } })
  const id = await setAside(world)
  expect((await world.store.containers.list({ limit: 5 })).items.map((row) => [row.id, row.state])).toEqual([[id, 'quarantined']])
  expect(await codeOf(world.claim('bob'))).toBe('pool.exhausted')
})

test('removing a quarantined container keeps its files first, and its tenant finds them', async () => {
  using world = await createWorld({ warm: 1, workload: stateful })
  const id = await setAside(world)
  world.runtime.control.behaviour.onMove = () => {}
  await remove(world, id)
  await world.until(async () => (await world.store.containers.get(id))?.state === 'gone')
  await world.claim('alice')
  expect(await read(world, 'alice', 'note')).toBe('mine')
})

test('a quarantined container whose files still cannot be kept stays; with force it goes', async () => {
  using world = await createWorld({ warm: 1, workload: stateful })
  const id = await setAside(world)
  await expect(remove(world, id)).rejects.toThrow('disk on fire')
  expect(await codeOf(remove(world, id))).toBe('container.conflict')
  expect((await world.store.containers.get(id))?.state).toBe('quarantined')
  await remove(world, id, true)
  await world.until(async () => (await world.store.containers.get(id))?.state === 'gone')
})

test('what force removes leaves none of its files behind, those that were kept before the keep failed too', async () => {
  using world = await createWorld({ warm: 2, workload: stateful })
  const { answer } = await world.claim('alice')
  for (const name of ['a', 'b']) await write(world, 'alice', name)
  world.runtime.control.behaviour.onMove = ({ entry }) => (entry === 'b' ? cannotMove() : undefined)
  await world.release('alice', { force: true })
  const key = { tenantId: 'alice' as TenantId, workloadId: world.workloadId }
  expect(world.runtime.control.kept(key)).toEqual(['a'])
  await remove(world, answer.containerId as ContainerId, true)
  expect(world.runtime.control.kept(key)).toEqual([])
})

test("files of a quarantined container never come over those of the tenant's later claim", async () => {
  using world = await createWorld({ warm: 2, workload: stateful })
  const id = await setAside(world)
  world.runtime.control.behaviour.onMove = () => {}
  world.clock.shift(10)
  await world.claim('alice')
  await write(world, 'alice', 'note', 'newer')
  expect(await codeOf(remove(world, id))).toBe('container.conflict')
  await world.release('alice')
  expect(await codeOf(remove(world, id))).toBe('container.conflict')
  await world.claim('alice')
  expect(await read(world, 'alice', 'note')).toBe('newer')
})
