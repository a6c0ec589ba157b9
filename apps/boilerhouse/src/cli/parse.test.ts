import { expect, test } from 'bun:test'

import { command } from './command.ts'
import { parseInvocation, parsePairs } from './parse.ts'

const claim = command({
  path: ['tenant', 'claim'],
  summary: 'Claim.',
  args: ['tenant', 'extra?'],
  flags: {
    pool: { kind: 'text', about: 'Pool.' },
    waitMs: { kind: 'whole', about: 'Wait.' },
    config: { kind: 'json', about: 'Config.' },
    secret: { kind: 'many', about: 'Secret.' },
    force: { kind: 'truth', about: 'Force.' },
  },
  takesRest: true,
  run: async () => {},
})

test('arguments, flags of every kind and what follows "--" are read', () => {
  const parsed = parseInvocation(claim, [
    'alice',
    '--pool',
    'demo',
    '--waitMs=5',
    '--config',
    '{"a":1}',
    '--secret',
    'A=1',
    '--secret',
    'B=2',
    '--',
    'sh',
    '-c',
    'x',
  ])
  expect(parsed.args).toEqual(['alice'])
  expect(parsed.rest).toEqual(['sh', '-c', 'x'])
  expect(parsed.flags).toMatchObject({
    pool: 'demo',
    waitMs: 5,
    config: { a: 1 },
    secret: ['A=1', 'B=2'],
    force: false,
    json: false,
  })
})

test.each([
  [['--pool', 'demo'], '<tenant> is missing'],
  [['a', 'b', 'c'], 'one argument too many'],
  [['a', '--waitMs', 'soon'], 'must be a whole number'],
  [['a', '--config', '[1]'], 'must be a JSON object'],
  [['a', '--config', '{'], 'Cannot read --config'],
  [['a', '--nope'], 'Cannot read the command line'],
])('a wrong command line %j is refused with its cause', (argv, message) => {
  expect(() => parseInvocation(claim, argv)).toThrow(message)
})

test('pairs keep every "=" after the first', () => {
  expect(parsePairs('secret', ['TOKEN=a=b'])).toEqual({ TOKEN: 'a=b' })
  expect(() => parsePairs('secret', ['=x'])).toThrow('must be NAME=value')
})
