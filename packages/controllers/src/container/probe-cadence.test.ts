import { describe, expect, test } from 'bun:test'

import type { ContainerHealth } from '@boilerhouse/resources'

import { healthAfter, historyLagMs, isWorthWriting, startProbeDelayMs } from './probe-cadence.ts'

const check = { intervalMs: 30_000, timeoutMs: 5_000, retries: 3, startPeriodMs: 0 }
const none: ContainerHealth = { status: 'unknown', failures: 0, history: [] }
const probe = (ok: boolean, atMs = 0) => ({ ok, atMs, durationMs: 1 })

describe('probes', () => {
  test('a start is probed every few milliseconds at first and never more slowly than four times a second', () => {
    const delays = Array.from({ length: 20 }, (_, i) => startProbeDelayMs({ ...check, tcp: { port: 80 } }, i))
    expect([delays[0], delays.at(-1)]).toEqual([10, 250])
    expect(startProbeDelayMs({ ...check, command: ['true'] }, 0)).toBe(25)
  })
  test('failures count in a row, and one that passes ends the row', () => {
    const rule = { retries: 2, isYoung: false }
    const once = healthAfter({ ...none, status: 'passing' }, probe(false), rule)
    expect([once.status, once.failures]).toEqual(['passing', 1])
    expect(healthAfter(once, probe(false), rule).status).toBe('failing')
    expect(healthAfter(once, probe(true), rule)).toMatchObject({ status: 'passing', failures: 0 })
  })
  test('failures within startPeriodMs do not count', () => {
    expect(healthAfter(none, probe(false), { retries: 1, isYoung: true })).toMatchObject({ status: 'unknown', failures: 0 })
  })
  test('the history is the newest 20', () => {
    let health = none
    for (let i = 0; i < 30; i++) health = healthAfter(health, probe(true, i), { retries: 1, isYoung: false })
    expect(health.history.map((one) => one.atMs)).toEqual(Array.from({ length: 20 }, (_, i) => 29 - i))
  })
  test('what changed nothing is written every few seconds at most', () => {
    const first = healthAfter(none, probe(true, 1_000), { retries: 1, isYoung: false })
    const soon = healthAfter(first, probe(true, 1_100), { retries: 1, isYoung: false })
    expect([isWorthWriting(none, first), isWorthWriting(first, soon)]).toEqual([true, false])
    expect(isWorthWriting(first, healthAfter(soon, probe(true, 1_000 + historyLagMs), { retries: 1, isYoung: false }))).toBe(true)
    expect(isWorthWriting(first, healthAfter(soon, probe(false, 1_200), { retries: 3, isYoung: false }))).toBe(true)
  })
})
