import { expect, test } from 'bun:test'

import { systemClock } from './clock.ts'
import { Wakeup } from './wakeup.ts'

test('a wake reaches everybody who waits for the key, and nobody else', async () => {
  const wakeup = new Wakeup(systemClock)
  const waiting = ['a', 'a', 'b'].map((key) => wakeup.wait(key, wakeup.current(key), 30))
  wakeup.wake('a')
  expect(await Promise.all(waiting)).toEqual(['woken', 'woken', 'timeout'])
})

test('a wake between taking the number and waiting is not missed', async () => {
  const wakeup = new Wakeup(systemClock)
  const seen = wakeup.current('a')
  wakeup.wake('a')
  expect(await wakeup.wait('a', seen, 60_000)).toBe('woken')
  expect(await wakeup.wait('a', wakeup.current('a'), 1)).toBe('timeout')
})

test('an abort ends a wait, before it and during it', async () => {
  const wakeup = new Wakeup(systemClock)
  expect(await wakeup.wait('a', wakeup.current('a'), 60_000, AbortSignal.abort())).toBe('timeout')
  const abort = new AbortController()
  const waiting = wakeup.wait('a', wakeup.current('a'), 60_000, abort.signal)
  abort.abort()
  expect(await waiting).toBe('timeout')
})

test('however many keys there were, no wake is missed', async () => {
  const wakeup = new Wakeup(systemClock)
  wakeup.wake('a')
  const before = { woken: wakeup.current('a'), never: wakeup.current('b') }
  for (let i = 0; i < 25_000; i++) wakeup.wake(`key ${i}`)
  wakeup.wake('a')
  wakeup.wake('b')
  expect(await wakeup.wait('a', before.woken, 60_000)).toBe('woken')
  expect(await wakeup.wait('b', before.never, 60_000)).toBe('woken')
  const waiting = wakeup.wait('c', wakeup.current('c'), 60_000)
  for (let i = 0; i < 25_000; i++) wakeup.wake(`other ${i}`)
  wakeup.wake('c')
  expect(await waiting).toBe('woken')
})
