import { afterEach, beforeEach, describe, expect, test } from 'bun:test'

import { isFault, newKeyId, silentLogger, systemClock, type Clock } from '@boilerhouse/base'
import { createEventHub, createMemoryStore, type EventHub, type Store } from '@boilerhouse/store'

import { createPrometheusMetrics } from '../prometheus-metrics.ts'
import { until } from '../bed.fixture.ts'
import { createAuthenticator, type Authenticator } from './authenticator.ts'
import { hashKey, newKeySecret } from './key-secret.ts'

let store: Store
let hub: EventHub
let auth: Authenticator
let nowMs: number
/** What the store was asked for by hash. */
let looks: string[]

beforeEach(async () => {
  nowMs = 0
  looks = []
  const clock: Clock = { ...systemClock, monotonicMs: () => nowMs }
  store = createMemoryStore({ clock: systemClock })
  hub = createEventHub({ events: store.events, clock: systemClock, log: silentLogger, metrics: createPrometheusMetrics() })
  await hub.start()
  const keys = { ...store.keys, byHash: (hash: string) => (looks.push(hash), store.keys.byHash(hash)) }
  auth = createAuthenticator({
    keys,
    hub,
    clock,
    adminKeyHash: hashKey('the admin key'),
    keyCacheMs: 4_000,
    requestsPerMinute: 60_000,
  })
})
afterEach(async () => {
  auth.close()
  await hub.stop()
  await store.close()
})

/** Made by another process: this one hears of it by its event alone. */
async function make(): Promise<string> {
  const key = newKeySecret()
  const id = newKeyId(systemClock.nowMs())
  const event = { type: 'key.created', actor: 'key:admin', subject: `key/${id}` } as const
  await store.keys.create({ id, name: 'k', role: 'viewer', hash: hashKey(key) }, { event })
  return key
}

const outcome = async (key: string): Promise<string> => {
  try {
    return (await auth.authenticate(key)).role
  } catch (error) {
    return isFault(error) ? error.code : String(error)
  }
}

/** Until strangers may make the store look up nothing more. */
async function flood(): Promise<void> {
  const outcomes = new Set<string>()
  for (let i = 0; i < 1_000; i++) outcomes.add(await outcome(newKeySecret()))
  expect([...outcomes]).toEqual(['auth.invalid', 'request.rate_limited'])
}

describe('keys that nobody knows', () => {
  test('cost a bounded number of lookups, however many are tried; more come with time', async () => {
    await flood()
    expect(looks.length).toBe(200)
    nowMs += 1_000
    await flood()
    expect(looks.length).toBe(300)
  })

  test('one that is tried again and again costs one lookup a second', async () => {
    const key = newKeySecret()
    for (let i = 0; i < 1_000; i++) expect(await outcome(key)).toBe('auth.invalid')
    expect(looks.length).toBe(1)
    nowMs += 1_001
    expect(await outcome(key)).toBe('auth.invalid')
    expect(looks.length).toBe(2)
  })

  test('are told when to try again', async () => {
    await flood()
    const error = await Promise.resolve()
      .then(() => auth.authenticate(newKeySecret()))
      .catch((fault: unknown) => fault)
    expect(error).toMatchObject({ code: 'request.rate_limited', retryAfterMs: 10 })
  })
})

describe('while strangers try keys', () => {
  test('a key that was made here works at once, and so does the admin key', async () => {
    await flood()
    const key = newKeySecret()
    const id = newKeyId(systemClock.nowMs())
    const event = { type: 'key.created', actor: 'key:admin', subject: `key/${id}` } as const
    auth.created(await store.keys.create({ id, name: 'k', role: 'admin', hash: hashKey(key) }, { event }))
    expect([await outcome(key), await outcome('the admin key')]).toEqual(['admin', 'admin'])
  })

  test('a key that another process made works within a second', async () => {
    await flood()
    const key = await make()
    await until(async () => (await outcome(key)) === 'viewer', 1_000)
  })

  test('a key that was used before works, also when it was not used for long', async () => {
    const key = await make()
    expect(await outcome(key)).toBe('viewer')
    nowMs += 3_600_000
    await flood()
    expect(await outcome(key)).toBe('viewer')
  })
})

test('a key that another process made works at its first use, before anybody heard of it', async () => {
  for (let i = 0; i < 50; i++) expect(await outcome(await make())).toBe('viewer')
})
