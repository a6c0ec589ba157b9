import { expect, test } from 'bun:test'

import { createLogger } from '@boilerhouse/base'

import { logWriter } from './log-writer.ts'

const clock = { nowMs: () => 0, monotonicMs: () => 0, sleep: async () => {} }

const linesOf = (isTerminal: boolean): readonly string[] => {
  const lines: string[] = []
  const log = createLogger({ level: 'info', clock, write: logWriter(isTerminal, (line) => lines.push(line)) })
  log.warn('It failed', { pool: 'demo', count: 2, error: new Error('no room') })
  return lines
}

test('a terminal gets one short line, with an error as its message', () => {
  expect(linesOf(true)).toEqual(['00:00:00 WARN  It failed pool=demo count=2 error="no room"'])
})

test('a program gets the JSON line as it is', () => {
  expect(JSON.parse(linesOf(false)[0] ?? '')).toMatchObject({ level: 'warn', message: 'It failed', pool: 'demo' })
})
