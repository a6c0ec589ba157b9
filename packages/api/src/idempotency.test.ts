import { createSecretBox, systemClock, type Clock } from '@boilerhouse/base'
import { createMemoryStore } from '@boilerhouse/store'
import { expect, test } from 'bun:test'

import { createIdempotency, type TextAnswer } from './idempotency.ts'

const answerOf = (body: string): TextAnswer => ({ status: 201, body, headers: { etag: '"1"' } })

function twoServers() {
  let aheadMs = 0
  let wallAheadMs = 0
  const clock: Clock = {
    ...systemClock,
    nowMs: () => systemClock.nowMs() + aheadMs + wallAheadMs,
    monotonicMs: () => systemClock.monotonicMs() + aheadMs,
  }
  const { idempotency: store } = createMemoryStore({ clock })
  const box = createSecretBox('key')
  const server = (own: Clock) => createIdempotency({ store, box, clock: own, waitMs: 2_000 })
  return {
    /** Its timers never ring, as if its process had died after it began. */
    dead: server({ ...clock, sleep: () => new Promise(() => {}) }),
    alive: server(clock),
    pass: (ms: number) => void (aheadMs += ms),
    jumpWall: (ms: number) => void (wallAheadMs += ms),
  }
}

test('a request whose server died is run again by whoever repeats it, once, and is not pending for a day', async () => {
  const { dead, alive, pass } = twoServers()
  void dead.once('s', 'k', { a: 1 }, () => new Promise(() => {}))
  await Bun.sleep(1)
  let runs = 0
  const run = async () => answerOf(String(++runs))
  const both = Promise.all([alive.once('s', 'k', { a: 1 }, run), alive.once('s', 'k', { a: 1 }, run)])
  await Bun.sleep(50)
  expect(runs).toBe(0)
  pass(10_000)
  const answers = await both
  expect(answers.map(({ body }) => body)).toEqual(['1', '1'])
})

test('a wall clock that jumps an hour either way does not let a repetition run beside the first', async () => {
  for (const jumpMs of [3_600_000, -3_600_000]) {
    const { alive, dead, jumpWall } = twoServers()
    void dead.once('s', 'k', {}, () => new Promise(() => {}))
    await Bun.sleep(1)
    const again = alive.once('s', 'k', {}, async () => answerOf('beside')).catch((caught: unknown) => caught)
    await Bun.sleep(30)
    jumpWall(jumpMs)
    expect(await again).toMatchObject({ code: 'request.idempotency_pending' })
  }
})

test('while another server runs it, a repetition waits; beyond its time it is told that the first still runs', async () => {
  const { dead, alive } = twoServers()
  void dead.once('s', 'k', { a: 1 }, () => new Promise(() => {}))
  const error: unknown = await alive.once('s', 'k', { a: 1 }, async () => answerOf('never')).catch((caught: unknown) => caught)
  expect(error).toMatchObject({ code: 'request.idempotency_pending', status: 409 })
})

test('a repetition gets status, body and headers of the first, and is marked', async () => {
  const { alive } = twoServers()
  await alive.once('s', 'k', {}, async () => answerOf('body'))
  expect(await alive.once('s', 'k', {}, async () => answerOf('other'))).toEqual({
    status: 201,
    body: 'body',
    headers: { etag: '"1"', 'idempotent-replayed': 'true' },
  })
})

test('what is kept of a request is no hash that a short secret could be guessed from', async () => {
  const kept: string[] = []
  const { idempotency } = createMemoryStore({ clock: systemClock })
  const store: typeof idempotency = {
    ...idempotency,
    begin: (scope, key, bodyHash) => {
      kept.push(bodyHash)
      return idempotency.begin(scope, key, bodyHash)
    },
  }
  const once = createIdempotency({ store, box: createSecretBox('key'), clock: systemClock, waitMs: 1_000 }).once
  const body = { secrets: { PIN: '1234' } }
  await once('s', 'k', body, async () => answerOf('body'))
  expect(kept).toHaveLength(1)
  expect(kept).not.toContain(new Bun.CryptoHasher('sha256').update(JSON.stringify(body)).digest('hex'))
})
