import { afterEach, describe, expect, test } from 'bun:test'

import { Fault, noMetrics, silentLogger } from '@boilerhouse/base'
import { createFakeClock } from '@boilerhouse/testkit'

import { WorkQueue, type Again } from './work-queue.ts'

const open: WorkQueue<string>[] = []
afterEach(async () => {
  await Promise.all(open.splice(0).map((queue) => queue.stop()))
})

function setup(reconcile: (key: string, signal: AbortSignal) => Promise<Again>, concurrency = 8) {
  const clock = createFakeClock()
  const state = { fenced: 0 }
  const counted: string[] = []
  const queue = new WorkQueue<string>({
    name: 'test',
    clock,
    metrics: { ...noMetrics, count: (name, labels) => void counted.push(`${name} ${JSON.stringify(labels)}`) },
    log: silentLogger,
    concurrency,
    backoff: { firstMs: 100, maxMs: 1_000 },
    reconcile,
    onFenced: () => void state.fenced++,
  })
  open.push(queue)
  return { clock, queue, state, counted }
}

describe('WorkQueue', () => {
  test('a key woken many times is looked at once, and again where it was woken during its pass', async () => {
    let runs = 0
    const gate = Promise.withResolvers<void>()
    const { clock, queue } = setup(async () => {
      runs += 1
      if (runs === 1) await gate.promise
      return {}
    })
    for (let i = 0; i < 10; i++) queue.wake('a')
    await clock.settle()
    expect(runs).toBe(1)
    for (let i = 0; i < 10; i++) queue.wake('a')
    await clock.settle()
    expect(runs).toBe(1)
    gate.resolve()
    await clock.settle()
    expect(runs).toBe(2)
  })
  test('one slow key delays no other', async () => {
    const seen: string[] = []
    const { clock, queue } = setup(async (key) => {
      if (key === 'slow') await clock.sleep(60_000)
      seen.push(key)
      return {}
    })
    queue.wake('slow')
    for (let i = 0; i < 20; i++) queue.wake(`k${i}`)
    await clock.settle()
    expect(seen).toHaveLength(20)
    await clock.advance(60_000)
    expect(seen.at(-1)).toBe('slow')
  })
  test('no more keys run at once than allowed', async () => {
    let [now, most] = [0, 0]
    const { clock, queue } = setup(async () => {
      most = Math.max(most, ++now)
      await clock.sleep(10)
      now--
      return {}
    }, 3)
    for (let i = 0; i < 20; i++) queue.wake(`k${i}`)
    await clock.advance(1_000)
    expect([most, now]).toEqual([3, 0])
  })
  test('a failing key waits longer each time, and a wake does not make it a hot loop', async () => {
    const at: number[] = []
    const { clock, queue, counted } = setup(async () => {
      at.push(clock.monotonicMs())
      throw new Fault('runtime.unavailable', 'down')
    })
    queue.wake('a')
    for (let i = 0; i < 80; i++) {
      await clock.advance(10)
      queue.wake('a')
    }
    expect(at).toEqual([0, 100, 300, 700])
    expect(counted.filter((one) => one.includes('runtime.unavailable'))).toHaveLength(4)
  })
  test('an urgent wake ends the backoff', async () => {
    let fails = true
    const at: number[] = []
    const { clock, queue } = setup(async () => {
      at.push(clock.monotonicMs())
      if (fails) throw new Fault('runtime.unavailable', 'down')
      return {}
    })
    queue.wake('a')
    await clock.advance(150)
    fails = false
    queue.wake('a', { isUrgent: true })
    await clock.settle()
    expect(at).toEqual([0, 100, 150])
  })
  test('a pass says when to look again, and an earlier wake comes earlier', async () => {
    const at: number[] = []
    const { clock, queue } = setup(async () => {
      at.push(clock.monotonicMs())
      return at.length < 3 ? { againMs: 1_000 } : {}
    })
    queue.wake('a')
    await clock.advance(400)
    queue.wake('a')
    await clock.advance(5_000)
    expect(at).toEqual([0, 400, 1_400])
    expect(clock.sleeping).toBe(0)
  })
  test('thousands of timers cost one', async () => {
    const { clock, queue } = setup(async () => ({}))
    for (let i = 0; i < 5_000; i++) queue.wake(`k${i}`, { afterMs: 1 + ((i * 7_919) % 5_000) })
    expect(clock.sleeping).toBeLessThan(10)
  })
  test('a fenced write makes the holder step back, and nothing is tried again', async () => {
    let runs = 0
    const { clock, queue, state } = setup(async () => {
      runs += 1
      throw new Fault('store.fenced', 'another leads')
    })
    queue.wake('a')
    await clock.advance(10_000)
    expect([runs, state.fenced]).toEqual([1, 1])
  })
  test('stop aborts the passes that run and waits for them', async () => {
    let ended = false
    const { clock, queue } = setup(async (_key, signal) => {
      await clock.sleep(60_000, signal)
      ended = true
      return { againMs: 1 }
    })
    queue.wake('a')
    await clock.settle()
    await queue.stop()
    expect(ended).toBe(true)
    expect(clock.sleeping).toBe(0)
  })
})
