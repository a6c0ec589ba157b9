import { describe, expect, test } from 'bun:test'

import {
  claimTransitions,
  containerTransitions,
  liveClaimStates,
  poolTransitions,
  sourcesOf,
  workloadTransitions,
} from '../mod.ts'

type Table = Readonly<Record<string, readonly string[]>>

function canReachFinal(table: Table, from: string, seen: readonly string[] = []): boolean {
  const next = table[from] ?? []
  return next.length === 0 || next.some((state) => !seen.includes(state) && canReachFinal(table, state, [...seen, from]))
}

describe('state machines', () => {
  const tables: readonly (readonly [string, Table])[] = [
    ['container', containerTransitions],
    ['claim', claimTransitions],
    ['pool', poolTransitions],
    ['workload', workloadTransitions],
  ]
  test.each(tables)('%s: every transition leads to a state of the table', (_, table) => {
    for (const to of Object.values(table).flat()) expect(Object.keys(table)).toContain(to)
  })
  test.each(tables.slice(0, 3))('%s: from every state a final one is reachable', (_, table) => {
    for (const from of Object.keys(table)) expect(canReachFinal(table, from)).toBe(true)
  })
  test('every container that is not gone may drain', () => {
    for (const [state, next] of Object.entries<readonly string[]>(containerTransitions)) {
      if (!['gone', 'draining'].includes(state)) expect(next).toContain('draining')
    }
  })
  test('released and failed are the only claims that are not live', () => {
    expect(Object.keys(claimTransitions).filter((state) => !liveClaimStates.some((live) => live === state))).toEqual([
      'released',
      'failed',
    ])
  })
  test('sourcesOf lists the states a transition may start from', () => {
    expect(sourcesOf<string>(claimTransitions as Table, 'released')).toEqual(['releasing', 'release_failed'])
  })
})
