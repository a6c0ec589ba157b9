import { createLogger, Fault, noMetrics, systemClock, type Metrics } from '@boilerhouse/base'
import type { EventRecord } from '@boilerhouse/resources'
import { afterEach, expect, test } from 'bun:test'

import { createEventHub, type EventHub, type EventHubDeps } from './event-hub.ts'
import { createMemoryStore } from './memory/memory-store.ts'
import type { EventStore } from './store.ts'

const hubs: EventHub[] = []
afterEach(async () => {
  for (const hub of hubs.splice(0)) await hub.stop()
})

function setUp(
  options: { wrap?: (events: EventStore) => EventHubDeps['events']; maxEvents?: number } & Partial<EventHubDeps> = {},
) {
  const { wrap = (events) => events, maxEvents, ...deps } = options
  const store = createMemoryStore({ clock: systemClock, ...(maxEvents === undefined ? {} : { maxEvents }) })
  const lines: string[] = []
  const log = createLogger({ level: 'debug', clock: systemClock, write: (line) => lines.push(line) })
  const hub = createEventHub({ events: wrap(store.events), clock: systemClock, log, metrics: noMetrics, ...deps })
  hubs.push(hub)
  const seen: number[] = []
  const append = (n: number) => store.events.append({ type: 'server.started', actor: 'test', subject: 'server/1', data: { n } })
  return { store, hub, append, lines, seen, note: (event: EventRecord) => void seen.push(Number(event.data['n'])) }
}

const until = async (isMet: () => boolean) => {
  const limit = performance.now() + 4000
  while (!isMet()) {
    if (performance.now() > limit) throw new Error('It did not happen within 4 s')
    await Bun.sleep(1)
  }
}
const range = (count: number) => Array.from({ length: count }, (_, i) => i)

test('what was committed before the start is not handed out, everything after it is, in order, to every listener', async () => {
  const { hub, append, seen, note } = setUp({ batchSize: 7 })
  await append(-1)
  const others: number[] = []
  hub.subscribe(note)
  hub.subscribe((event) => void others.push(Number(event.data['n'])))
  await Promise.all([hub.start(), hub.start()])
  for (const n of range(100)) await append(n)
  await until(() => seen.length >= 100)
  expect(seen).toEqual(range(100))
  expect(others).toEqual(seen)
})

test('the cursor is that of the newest event handed out: a reader that resumes there misses nothing', async () => {
  const { store, hub, append, seen, note } = setUp()
  hub.subscribe(note)
  await hub.start()
  for (const n of range(3)) await append(n)
  await until(() => seen.length === 3)
  const cursor = hub.cursor()
  await hub.stop()
  await append(3)
  expect((await store.events.read({ cursor, limit: 9 })).items.map((event) => event.data['n'])).toEqual([3])
  expect(seen).toEqual([0, 1, 2])
})

test('a listener that throws is logged and does not keep others, or its own later events, from being handed out', async () => {
  const { hub, append, seen, note, lines } = setUp()
  let calls = 0
  hub.subscribe(() => {
    calls++
    throw new Error('a broken listener')
  })
  hub.subscribe(note)
  await hub.start()
  for (const n of range(3)) await append(n)
  await until(() => seen.length === 3)
  expect(calls).toBe(3)
  expect(lines.filter((line) => line.includes('a broken listener'))).toHaveLength(3)
})

test('one that unsubscribed hears nothing more, even from within its own call, and one subscribed twice hears twice', async () => {
  const { hub, append, seen, note } = setUp()
  let once = 0
  const off = hub.subscribe(() => {
    once++
    off()
  })
  hub.subscribe(note)
  const second = hub.subscribe(note)
  await hub.start()
  await append(0)
  await until(() => seen.length === 2)
  second()
  await append(1)
  await until(() => seen.length === 3)
  expect([once, seen]).toEqual([1, [0, 0, 1]])
})

test('a store that does not answer, at the start or later, delays events but loses none', async () => {
  let failures = 2
  const failing = <T>(action: () => Promise<T>): Promise<T> =>
    failures-- > 0 ? Promise.reject(new Fault('store.unavailable', 'down')) : action()
  const { hub, append, seen, note, lines } = setUp({
    wrap: (events) => ({
      head: () => failing(() => events.head()),
      read: (query) => failing(() => events.read(query)),
      wait: (...args) => failing(() => events.wait(...args)),
      generation: () => events.generation(),
    }),
  })
  hub.subscribe(note)
  await hub.start()
  await append(0)
  await until(() => seen.length === 1)
  failures = 3
  for (const n of [1, 2]) await append(n)
  await until(() => seen.length === 3)
  expect(seen).toEqual([0, 1, 2])
  expect(lines.filter((line) => line.includes('store.unavailable')).length).toBeGreaterThanOrEqual(4)
})

test('a lost wake-up costs at most the safety pass', async () => {
  const { hub, append, seen, note } = setUp({
    safetyMs: 20,
    wrap: (events) => ({
      head: () => events.head(),
      read: (query) => events.read(query),
      generation: () => 0,
      wait: (_seen, timeoutMs, signal) => systemClock.sleep(timeoutMs, signal),
    }),
  })
  hub.subscribe(note)
  await hub.start()
  await append(0)
  await until(() => seen.length === 1)
})

test('under load reads are coalesced: far fewer reads than events, and about one every coalesceMs', async () => {
  let reads = 0
  const { hub, append, seen, note } = setUp({
    coalesceMs: 10,
    wrap: (events) => ({
      head: () => events.head(),
      read: (query) => (reads++, events.read(query)),
      wait: (...args) => events.wait(...args),
      generation: () => events.generation(),
    }),
  })
  hub.subscribe(note)
  await hub.start()
  const startedMs = performance.now()
  for (const n of range(300)) {
    await append(n)
    if (n % 3 === 0) await Bun.sleep(0)
  }
  await until(() => seen.length === 300)
  const most = Math.ceil((performance.now() - startedMs) / 10) + 2
  expect(reads).toBeLessThanOrEqual(most)
  expect(seen).toEqual(range(300))
})

test('an event after a pause is handed out at once, not after the coalescing time', async () => {
  const { hub, append, seen, note } = setUp({ coalesceMs: 300 })
  hub.subscribe(note)
  await hub.start()
  await Bun.sleep(320)
  const startedMs = performance.now()
  await append(0)
  await until(() => seen.length === 1)
  expect(performance.now() - startedMs).toBeLessThan(150)
})

test('a hub that retention overtook says so and goes on with what is still there', async () => {
  let isHeld = true
  const { store, hub, append, seen, note, lines } = setUp({
    safetyMs: 10,
    wrap: (events) => ({
      head: () => events.head(),
      read: (query) => (isHeld ? Promise.resolve({ items: [], cursor: query.cursor ?? '' }) : events.read(query)),
      wait: (...args) => events.wait(...args),
      generation: () => events.generation(),
    }),
  })
  hub.subscribe(note)
  await hub.start()
  await append(0)
  await store.events.prune(Number.MAX_SAFE_INTEGER)
  await append(1)
  isHeld = false
  await append(2)
  await until(() => seen.length === 2)
  expect(seen).toEqual([1, 2])
  expect(lines.some((line) => line.includes('events were lost'))).toBe(true)
})

test('every event feeds event_lag_seconds', async () => {
  const observed: number[] = []
  const metrics: Metrics = {
    ...noMetrics,
    observe: (name, _labels, seconds) => void (name === 'event_lag_seconds' && observed.push(seconds)),
  }
  const { hub, append } = setUp({ metrics })
  await hub.start()
  for (const n of range(3)) await append(n)
  await until(() => observed.length === 3)
  expect(observed.every((seconds) => seconds >= 0 && seconds < 1)).toBe(true)
})

test('a stop ends a hub that waits, one whose store is down, and one that never started', async () => {
  const waiting = setUp()
  await waiting.hub.start()
  await waiting.hub.stop()
  const down = setUp({
    wrap: (events) => ({
      head: () => Promise.reject(new Fault('store.unavailable', 'down')),
      read: (query) => events.read(query),
      wait: (...args) => events.wait(...args),
      generation: () => events.generation(),
    }),
  })
  const starting = down.hub.start()
  await down.hub.stop()
  await starting
  await setUp().hub.stop()
})
