import { newContainerId, systemClock } from '@boilerhouse/base'
import { expect, test } from 'bun:test'

import { bind, bindInput, givenContainer, givenPool, poolId, faultOf } from '../conformance/seed.ts'
import { createMemoryData } from './memory-data.ts'
import { createMemoryStore } from './memory-store.ts'

const note = (n: number) => ({ type: 'server.started', actor: 'test', subject: 'server/1', data: { n } }) as const

test('the log keeps at least maxEvents and at most a quarter more; cursors before it are expired', async () => {
  const { events } = createMemoryStore({ clock: systemClock, maxEvents: 100 })
  const start = await events.head()
  for (let n = 0; n < 1000; n++) await events.append(note(n))
  const kept = (await events.read({ limit: 1000 })).items
  expect(kept.length).toBeGreaterThanOrEqual(100)
  expect(kept.length).toBeLessThanOrEqual(125)
  expect(kept.at(-1)?.data).toEqual({ n: 999 })
  expect(await faultOf(events.read({ cursor: start, limit: 1 }))).toBe('event.cursor_expired')
})

test('maxEvents drops nothing that a durable reader has yet to read', async () => {
  const { events } = createMemoryStore({ clock: systemClock, maxEvents: 10 })
  await events.readers.set('billing', await events.head())
  for (let n = 0; n < 200; n++) await events.append(note(n))
  expect((await events.read({ limit: 1000 })).items).toHaveLength(200)
})

test('data outlives the store that wrote it, as a database outlives a process', async () => {
  const data = createMemoryData()
  const first = createMemoryStore({ clock: systemClock, data })
  await givenPool(first)
  const { id } = await givenContainer(first, 'demo', 'warm')
  await first.close()
  const second = createMemoryStore({ clock: systemClock, data })
  expect(await second.containers.warmIds(poolId('demo'), 9)).toEqual([id])
})

test('20,000 containers of the past cost the next claim nothing: a bind among them takes well below a millisecond', async () => {
  const store = createMemoryStore({ clock: systemClock })
  await givenPool(store)
  for (let i = 0; i < 20_000; i++) {
    const id = newContainerId(i)
    await store.containers.create({ id, poolId: poolId('demo'), workloadGeneration: 1, onDemand: false }, {})
    await store.containers.transition(id, ['starting'], 'draining', {}, {})
    await store.containers.transition(id, ['draining'], 'gone', {}, {})
  }
  const startedMs = performance.now()
  for (let i = 0; i < 500; i++) {
    const warm = await givenContainer(store, 'demo', 'warm')
    expect((await bind(store, bindInput('demo', `t${i}`, warm.id))).outcome).toBe('bound')
  }
  expect((performance.now() - startedMs) / 500).toBeLessThan(1)
})
