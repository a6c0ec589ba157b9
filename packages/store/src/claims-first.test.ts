import { beforeEach, expect, test } from 'bun:test'

import type { Clock, PoolId, TenantId } from '@boilerhouse/base'

import { claimsFirst, type ClaimsFirst } from './claims-first.ts'
import { createMemoryStore } from './memory/memory-store.ts'
import type { BindInput, Store } from './store.ts'

const pool = 'p' as PoolId
const input = {} as BindInput // it is answered by the test
let nowMs: number
let sleepers: { readonly dueMs: number; readonly wake: () => void }[]
let binds: PromiseWithResolvers<{ readonly outcome: 'taken' }>[]
let first: ClaimsFirst

const clock: Clock = {
  nowMs: () => nowMs,
  monotonicMs: () => nowMs,
  sleep: (ms) => new Promise((wake) => sleepers.push({ dueMs: nowMs + ms, wake })),
}

beforeEach(() => {
  nowMs = 1000
  sleepers = []
  binds = []
  const memory = createMemoryStore({ clock })
  const bind = () => {
    const asked = Promise.withResolvers<{ readonly outcome: 'taken' }>()
    binds.push(asked)
    return asked.promise
  }
  const store: Store = { ...memory, claims: { ...memory.claims, bind } }
  first = claimsFirst(store, clock)
})

const turns = async () => {
  for (let turn = 0; turn < 3; turn++) await new Promise<void>((resolve) => setImmediate(resolve))
}

async function advance(ms: number): Promise<void> {
  for (let i = 0; i < ms; i++) {
    nowMs++
    const due = sleepers.filter(({ dueMs }) => dueMs <= nowMs)
    sleepers = sleepers.filter(({ dueMs }) => dueMs > nowMs)
    for (const { wake } of due) wake()
    await turns()
  }
}

/** Tells whether it is done. */
function watched(action: Promise<unknown>): () => boolean {
  let isDone = false
  void action.then(() => (isDone = true))
  return () => isDone
}

const bind = () => first.store.claims.bind(input, {})
const endBind = async () => {
  binds.shift()?.resolve({ outcome: 'taken' })
  await turns()
}

test('a background read of a store without binds is made at once', async () => {
  const isRead = watched(first.background(30).pools.get(pool))
  await turns()
  expect(isRead()).toBe(true)
})

test('a background read waits for the bind that is under way, and for a moment after it', async () => {
  void bind()
  const isRead = watched(first.background(30).containers.all({ poolId: pool }))
  await advance(10)
  await endBind()
  expect(isRead()).toBe(false)
  await advance(3)
  expect(isRead()).toBe(false)
  await advance(5)
  expect(isRead()).toBe(true)
})

test('where binds follow each other without a pause, it is made just after one of them', async () => {
  void bind()
  const isRead = watched(first.background(30).claims.all({}))
  for (let each = 0; each < 14; each++) {
    await advance(2)
    void bind()
    await endBind()
  }
  await advance(3)
  expect(isRead()).toBe(false)
  await endBind()
  expect(isRead()).toBe(true)
})

test('where several binds are under way at once there is no pause to wait for', async () => {
  void bind()
  const isRead = watched(first.background(30).pools.get(pool))
  await advance(2)
  expect(isRead()).toBe(false)
  void bind()
  await advance(4)
  expect(isRead()).toBe(true)
  const isNextRead = watched(first.background(30).pools.get(pool))
  await turns()
  expect(isNextRead()).toBe(true)
})

test('a bind that hangs holds nothing up for longer than the patience and a moment', async () => {
  void bind()
  const isRead = watched(first.background(12).events.read({ limit: 1 }))
  await advance(12)
  expect(isRead()).toBe(false)
  await advance(4)
  expect(isRead()).toBe(true)
})

test('whoever a caller waits for never waits for a bind, nor does a lease', async () => {
  void bind()
  const done = [
    first.store.pools.get(pool),
    first.store.claims.liveOf('t' as TenantId),
    first.background(30).leases.acquire('pools', 'me', 1000),
  ].map(watched)
  await turns()
  expect(done.map((isDone) => isDone())).toEqual([true, true, true])
})

test('a bind that fails is over too', async () => {
  const failed = bind()
  const isRead = watched(first.background(30).pools.get(pool))
  binds.shift()?.reject(new Error('no database'))
  await expect(failed).rejects.toThrow('no database')
  await advance(5)
  expect(isRead()).toBe(true)
})
