import { afterAll, beforeAll, expect, test } from 'bun:test'

import type { Event } from '@boilerhouse/client'

import { createInstallation, type Installation } from './installation.ts'
import { listen } from './told.ts'
import { within } from './within.ts'
import { claim, poolFull, register, release, shellWorkload } from './workloads.ts'

let house: Installation

beforeAll(async () => {
  house = await createInstallation()
  await house.start()
  await register(house, shellWorkload(), { id: 'shell', workloadId: 'shell', minSize: 2, maxSize: 8 })
}, 120_000)

afterAll(() => house.dispose(), 120_000)

interface SocketTold {
  readonly events: Event[]
  cursor(): string
  close(): void
}

/** A WebSocket at `/ws`, as a program opens it: the key in the Authorization header. */
async function listenBySocket(query: string): Promise<SocketTold> {
  const events: Event[] = []
  const ready = Promise.withResolvers<void>()
  let cursor = ''
  const socket = new WebSocket(`${house.url.replace('http', 'ws')}/ws?${query}`, {
    headers: { authorization: `Bearer ${await house.adminKey()}` },
  })
  socket.addEventListener('message', ({ data }) => {
    const message = JSON.parse(data)
    if (message.kind === 'ready') ready.resolve()
    if (message.kind === 'event') events.push(message.event)
    cursor = message.event?.cursor ?? message.cursor ?? cursor
  })
  socket.addEventListener('error', () => ready.reject(new Error('the socket failed')))
  await ready.promise
  return { events, cursor: () => cursor, close: () => socket.close() }
}

const order: Event['type'][] = ['container.claimed', 'container.released', 'container.destroyed']

async function claimAndRelease(tenant: string): Promise<string> {
  const { containerId } = await claim(house, tenant, 'shell')
  await release(house, tenant, 'shell')
  return containerId
}

test('SSE and WebSocket tell of each claim: claimed, released, destroyed, in this order, and both the same', async () => {
  const types = order.map((type) => `type=${type}`).join('&')
  const [sse, socket] = [await listen(house, { types: order }), await listenBySocket(types)]
  const containers = await Promise.all(Array.from({ length: 6 }, (_, i) => claimAndRelease(`t${i}`)))
  const storyOf = (events: readonly Event[], id: string) =>
    events.filter(({ containerId }) => containerId === id).map(({ type }) => type)
  for (const { events } of [sse, socket])
    await within(20_000, 'every container was destroyed', () =>
      containers.every((id) => storyOf(events, id).length === order.length),
    )
  for (const id of containers) expect([storyOf(sse.events, id), storyOf(socket.events, id)]).toEqual([order, order])
  expect(socket.events.map(({ cursor }) => cursor)).toEqual(sse.events.map(({ cursor }) => cursor))
  const claimed = sse.events.find(({ type }) => type === 'container.claimed')
  expect(claimed).toMatchObject({ tenantId: expect.any(String), poolId: 'shell', data: { resources: { memoryMb: 64 } } })
  socket.close()
  await sse[Symbol.asyncDispose]()
}, 60_000)

test('a follower goes on over a restart and over kill -9 of the server without a gap, and is told nothing twice', async () => {
  const told = await listen(house, { pool: 'shell' })
  const socket = await listenBySocket('pool=shell')
  const first = await claimAndRelease('before')
  await told.first(
    20_000,
    'the first is destroyed',
    ({ type, containerId }) => type === 'container.destroyed' && containerId === first,
  )
  const cursor = socket.cursor()
  await house.interrupt()
  await house.start()
  const second = await claimAndRelease('between')
  await house.kill()
  await house.start()
  const third = await claimAndRelease('after')
  for (const id of [second, third])
    await told.first(30_000, 'it is destroyed', ({ type, containerId }) => type === 'container.destroyed' && containerId === id)
  await poolFull(house, 'shell', 2)

  const resumed = await listenBySocket(`pool=shell&cursor=${encodeURIComponent(cursor)}`)
  const { body } = await house.api('GET', '/api/v1/activity?pool=shell&limit=500')
  const log: readonly Event[] = body.items.toReversed()
  const seqs = (events: readonly Event[]) => events.map(({ seq }) => seq)
  const from = seqs(told.events)[0] ?? 0
  await within(10_000, 'all of it was told', () => told.events.length >= log.filter(({ seq }) => seq >= from).length)
  expect(seqs(told.events)).toEqual(seqs(log.filter(({ seq }) => seq >= from)))
  const lastBefore = log.findIndex((event) => event.cursor === cursor)
  await within(10_000, 'the socket caught up', () => resumed.events.length >= log.length - lastBefore - 1)
  expect(seqs(resumed.events)).toEqual(seqs(log.slice(lastBefore + 1)))
  resumed.close()
  await told[Symbol.asyncDispose]()
}, 90_000)

test('the command line follows events too, and ends after as many as asked', async () => {
  const watching = house.cli('event', 'watch', '--type', 'container.claimed', '--count', '1', '--json')
  const tenants = setInterval(() => void claimAndRelease(`w${crypto.randomUUID()}`).catch(() => {}), 1500) // until it has subscribed
  const { stdout, exitCode } = await watching
  clearInterval(tenants)
  expect([exitCode, JSON.parse(stdout).type]).toEqual([0, 'container.claimed'])
}, 60_000)
