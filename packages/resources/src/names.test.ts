import { describe, expect, test } from 'bun:test'
import * as fc from 'fast-check'

import {
  createValidator,
  dnsLabelPattern,
  idFromName,
  idOrFromName,
  redactClaimRequest,
  redactText,
  tenantIdSchema,
} from '../mod.ts'

describe('idFromName', () => {
  test.each([
    ['My Pool!', 'my-pool'],
    ['Ünïcode', 'unicode'],
    ['--a--', 'a'],
    ['a'.repeat(80), 'a'.repeat(63)],
    ['a b'.padStart(64, 'x'), `${'x'.repeat(61)}a`],
  ])('%s becomes %s', (name, id) => {
    expect(idFromName(name)).toBe(id)
  })
  test.each(['', '!!!', '日本'])('%s gives none', (name) => expect(idFromName(name)).toBeUndefined())
  test('gives a DNS label or nothing, whatever the name', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 100 }), (name) => {
        const id = idFromName(name)
        expect(id === undefined || new RegExp(dnsLabelPattern).test(id)).toBe(true)
      }),
    )
  })
  test('without id and usable name the fault is at /id', () => {
    expect(idOrFromName({ id: 'a', name: 'b' })).toBe('a')
    expect(() => idOrFromName({ name: '!!' })).toThrow('/id cannot be made from `name`')
    expect(() => idOrFromName({})).toThrow('/id is missing')
  })
})

describe('tenant ids', () => {
  const ids = createValidator(tenantIdSchema())
  test.each(['alice', 'a.b', 'A_B@c:d-1', '...'])('%s is one', (id) => expect(ids.faults(id)).toEqual([]))
  test.each(['', '.', '..', 'a/b', 'a b', 'a\n', 'ä', 'x'.repeat(257)])('%j is none', (id) =>
    expect(ids.faults(id)).not.toEqual([]),
  )
})

describe('redact', () => {
  test('takes every secret out of a text, the longer one first', () => {
    expect(redactText('token abcd, abcdef and abc', ['abcd', 'abcdef', 'abc'])).toBe('token [redacted], [redacted] and abc')
  })
  test('a logged claim request shows names only', () => {
    expect(redactClaimRequest({ poolId: 'p', secrets: { A: 'x' }, env: { B: 'y' } })).toEqual({
      poolId: 'p',
      secrets: { A: '[redacted]' },
      env: { B: '[redacted]' },
    })
  })
})
