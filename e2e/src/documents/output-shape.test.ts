import { expect, test } from 'bun:test'

import { stepsOf } from './document-steps.ts'
import { readOutput } from './output-shape.ts'

const shownId = 'c-00000000000000000001'
const realId = 'c-1m7y633st017nwabtkyy'

test('ids, addresses, times, numbers and widths may differ, and shown names resolve to the real ones', () => {
  const meaning = readOutput(
    `${shownId} active (pool, 0.94 ms)\n  http   http://127.0.0.1:32768\nat 2026-01-01T00:00:00.000Z`,
    `${realId} active (pool, 12 ms)\n  http        http://127.0.0.1:40001\nat 2026-11-21T04:34:03.372Z\n`,
  )
  expect([...meaning]).toEqual([
    [shownId, realId],
    ['127.0.0.1:32768', '127.0.0.1:40001'],
  ])
})

test('a line of its own with … stands for any lines, and within a line for anything', () => {
  expect(() => readOutput('first\n…\nlast', 'first\na\nb\nlast')).not.toThrow()
  expect(() => readOutput('image ok sha256:…', 'image   ok  sha256:abc')).not.toThrow()
})

test('a claim may come from the pool or be cold, with or without data', () => {
  expect(() => readOutput('active (cold, 900 ms)', 'active (pool, 1.5 ms)')).not.toThrow()
  expect(() => readOutput('active (pool+data, 2 ms)', 'active (existing, 2 ms)')).toThrow()
})

test('another word, a missing line and a line too many are found', () => {
  expect(() => readOutput('alice released', 'alice release_failed')).toThrow('shown    alice released')
  expect(() => readOutput('one\ntwo', 'one')).toThrow('nothing more')
  expect(() => readOutput('one', 'one\ntwo')).toThrow('beyond what is shown')
})

test('a text block belongs to the commands right before it, and to no others', () => {
  const markdown = [
    '```sh',
    'a',
    '```',
    '',
    '```text',
    'out',
    '```',
    'prose',
    '```sh',
    'b',
    '```',
    'prose',
    '```text',
    'c',
    '```',
  ].join('\n')
  expect(stepsOf(markdown)).toEqual([
    { line: 1, script: 'a', shown: 'out' },
    { line: 9, script: 'b' },
  ])
})
