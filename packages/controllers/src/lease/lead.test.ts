import { describe, expect, test } from 'bun:test'

import { silentLogger } from '@boilerhouse/base'
import { createMemoryData, createMemoryStore } from '@boilerhouse/store'
import { createFakeClock } from '@boilerhouse/testkit'

import { lead, type Leadership } from './lead.ts'

function setup() {
  const clock = createFakeClock()
  const data = createMemoryData()
  const terms: { holder: string; leadership: Leadership; isRunning: boolean }[] = []
  const contender = (holder: string) => {
    const store = createMemoryStore({ clock, data })
    return lead({
      controller: 'pool',
      holder,
      ttlMs: 3_000,
      leases: store.leases,
      clock,
      log: silentLogger,
      onLead: (leadership) => {
        const term = { holder, leadership, isRunning: true }
        terms.push(term)
        return {
          stop: async () => {
            term.isRunning = false
          },
        }
      },
    })
  }
  return { clock, data, terms, contender }
}

describe('lead', () => {
  test('one of two leads, and the other takes over at once where the first stops in order', async () => {
    const { clock, terms, contender } = setup()
    const [a, b] = [contender('a'), contender('b')]
    await clock.advance(20_000)
    expect([a.isLeading(), b.isLeading(), terms.length]).toEqual([true, false, 1])
    await a.stop()
    await clock.advance(1_000)
    expect([b.isLeading(), terms.length]).toEqual([true, 2])
    expect(terms[1]?.leadership.fence.fence).toBeGreaterThan(terms[0]?.leadership.fence.fence ?? 0)
    await b.stop()
    expect(clock.sleeping).toBe(0)
  })
  test('a leader that is fenced steps back, ends its work and contends again', async () => {
    const { clock, terms, contender } = setup()
    const a = contender('a')
    await clock.settle()
    terms[0]?.leadership.stepBack()
    await clock.settle()
    expect([terms[0]?.isRunning, terms[0]?.leadership.signal.aborted]).toEqual([false, true])
    await clock.advance(2_000)
    expect(a.isLeading()).toBe(true)
    await a.stop()
  })
  test('a leader whose lease was taken over ends its term', async () => {
    const { clock, data, terms, contender } = setup()
    const a = contender('a')
    await clock.settle()
    data.leases.set('pool', { holder: 'thief', fence: 99, counter: 1 })
    await clock.advance(1_000)
    expect([a.isLeading(), terms[0]?.isRunning]).toEqual([false, false])
    await a.stop()
    expect(data.leases.get('pool')?.holder).toBe('thief')
  })
})
