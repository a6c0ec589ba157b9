import { isFault } from '@boilerhouse/base'
import { describe, expect, test } from 'bun:test'
import * as fc from 'fast-check'

import { configSchemaFaults, createConfigSchemas } from '../mod.ts'
import { createLinearRegexp } from './linear-regexp.ts'

const at = (schema: Record<string, unknown>) => configSchemaFaults(schema, '/configSchema').map(({ pointer }) => pointer)

describe('configSchemaFaults', () => {
  test.each([
    { type: 'object', properties: { a: { $ref: '#/$defs/a' } }, $defs: { a: { type: 'string' } } },
    { $schema: 'http://json-schema.org/draft-07/schema#', definitions: { a: {} }, items: [{ type: 'string' }] },
    { type: 'object', properties: { tree: { $ref: '#' }, id: { type: 'string', format: 'uuid' }, $ref: { type: 'string' } } },
    { properties: { a: { const: { $ref: 'http://x/y' } } } },
  ])('takes %j', (schema) => expect(at(schema)).toEqual([]))

  test('refuses a remote $ref wherever it stands', () => {
    expect(at({ $ref: 'https://example.com/s.json' })).toEqual(['/configSchema/$ref'])
    expect(at({ properties: { 'a/b': { items: { $ref: 'other.json#/x' } } } })).toEqual([
      '/configSchema/properties/a~1b/items/$ref',
    ])
    expect(at({ $id: 'http://x/' })).toEqual(['/configSchema/$id'])
  })

  test.each([
    { type: 'nonsense' },
    { properties: 5 },
    { $ref: '#/nowhere' },
    { minimum: 'x' },
    { $schema: 'http://example.com/mine' },
  ])('refuses %j as no schema', (schema) => expect(at(schema)).toHaveLength(1))

  test('refuses patterns that need backtracking', () => {
    expect(at({ properties: { a: { pattern: '(?=a)b' } } })).toEqual(['/configSchema/properties/a/pattern'])
    expect(at({ patternProperties: { '(a)\\1': {} } })).toEqual(['/configSchema/patternProperties/(a)\\1'])
    expect(at({ pattern: '(' })).toEqual(['/configSchema/pattern'])
    expect(at({ pattern: '(?:a{1000}){1000}' })).toEqual(['/configSchema/pattern'])
  })

  test('refuses references that would never end, or multiply without bound', () => {
    expect(at({ allOf: [{ $ref: '#' }] })).toEqual(['/configSchema'])
    const $defs = Object.fromEntries(
      Array.from({ length: 30 }, (_, i) => [`d${i}`, { allOf: [{ $ref: `#/$defs/d${i + 1}` }, { $ref: `#/$defs/d${i + 1}` }] }]),
    )
    expect(at({ $ref: '#/$defs/d0', $defs: { ...$defs, d30: {} } })).toEqual(['/configSchema'])
  })

  test('refuses one that is too large or too deep', () => {
    expect(at({ description: 'x'.repeat(300_000) })).toEqual(['/configSchema'])
    let deep: Record<string, unknown> = {}
    for (let i = 0; i < 100; i++) deep = { not: deep }
    expect(at(deep)).toHaveLength(1)
  })
})

describe('createConfigSchemas', () => {
  const schemas = createConfigSchemas({ maxKept: 2 })
  const schema = {
    type: 'object',
    properties: { greeting: {}, name: { type: 'string', pattern: '^(a+)+$' } },
    required: ['greeting'],
    additionalProperties: false,
  }

  test('points below /config', () => {
    expect(
      schemas
        .faults(schema, { name: 'b', x: 1 })
        .map(({ pointer }) => pointer)
        .sort(),
    ).toEqual(['/config/greeting', '/config/name', '/config/x'])
    expect(schemas.faults(schema, { greeting: 1 })).toEqual([])
    expect(schemas.faults(undefined, { anything: 1 })).toEqual([])
  })
  test('assert throws claim.config_invalid', () => {
    expect(() => schemas.assert(schema, {})).toThrow(expect.objectContaining({ code: 'claim.config_invalid' }) as Error)
    try {
      schemas.assert(schema, {})
    } catch (error) {
      expect(isFault(error) && error.status).toBe(422)
    }
  })
  test('a pattern that would hang a backtracking engine answers at once', () => {
    expect(schemas.faults(schema, { greeting: 1, name: `${'a'.repeat(5000)}!` })).toHaveLength(1)
  })
  test('more schemas than are kept stay right', () => {
    for (let round = 0; round < 3; round++) {
      for (let n = 0; n < 5; n++) expect(schemas.faults({ properties: { n: { const: n } } }, { n: n + 1 })).toHaveLength(1)
    }
  })
})

describe('createLinearRegexp', () => {
  const pattern = fc.letrec<{ node: string }>((tie) => ({
    node: fc.oneof(
      { maxDepth: 4, withCrossShrink: true },
      fc.constantFrom('a', 'b', '.', '[ab]', '[^a]', '\\d', '\\w', '\\b', '^', '$', '\\u0061', '\\p{L}', '\\.', ''),
      fc.tuple(tie('node'), tie('node')).map(([a, b]) => a + b),
      fc.tuple(tie('node'), tie('node')).map(([a, b]) => `(?:${a}|${b})`),
      fc.tuple(tie('node'), fc.constantFrom('*', '+', '?', '{2}', '{1,}', '{0,2}', '*?')).map(([a, q]) => `(${a})${q}`),
    ),
  })).node
  test('means what the native engine means', () => {
    fc.assert(
      fc.property(
        pattern,
        fc.array(fc.constantFrom('a', 'b', '1', '.', ' ', '\n', '😀'), { maxLength: 8 }).map((parts) => parts.join('')),
        (source, text) => {
          expect(createLinearRegexp(source).test(text)).toBe(new RegExp(source, 'u').test(text))
        },
      ),
      { numRuns: 1000 },
    )
  }, 30_000)
})
