import * as fc from 'fast-check'

import type { JsonSchema } from './openapi-schemas.ts'

const junk: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    true,
    -1,
    0,
    1.5,
    1e308,
    '',
    '\0',
    '\ud800',
    'x'.repeat(5000),
    [],
    {},
    [[[]]],
    { __proto__x: 1 },
    '../..',
    '${tenantId}',
    "'; drop table claims; --",
    '%00',
  ),
  fc.string({ maxLength: 20 }),
  fc.string({ unit: 'binary', maxLength: 10 }),
  fc.jsonValue({ maxDepth: 3 }),
)

/** Values of a JSON schema as the OpenAPI document has it; each value within is junk with the probability `mutations`. */
export const fromSchema = (schema: JsonSchema, mutations: number): fc.Arbitrary<unknown> => {
  const fitting = fittingOf(schema, mutations)
  if (mutations === 0) return fitting
  return fc.oneof(
    { arbitrary: fitting, weight: Math.round((1 - mutations) * 1000) },
    { arbitrary: junk, weight: Math.round(mutations * 1000) },
  )
}

function fittingOf(schema: JsonSchema, mutations: number): fc.Arbitrary<unknown> {
  const of = (inner: unknown) => fromSchema(inner as JsonSchema, mutations)
  if (Array.isArray(schema['enum'])) return fc.constantFrom(...(schema['enum'] as unknown[]))
  if (Array.isArray(schema['anyOf'])) return fc.oneof(...(schema['anyOf'] as unknown[]).map(of))
  switch (schema.type) {
    case 'string':
      return text(schema)
    case 'integer':
      return fc.integer({ min: Number(schema['minimum'] ?? -10), max: Math.min(Number(schema['maximum'] ?? 1000), 2 ** 31 - 1) })
    case 'number':
      return fc.double({ min: Number(schema['minimum'] ?? 0), max: Number(schema['maximum'] ?? 1e6), noNaN: true })
    case 'boolean':
      return fc.boolean()
    case 'array':
      return fc.array(of(schema['items'] ?? {}), {
        minLength: Number(schema['minItems'] ?? 0),
        maxLength: Math.min(Number(schema['maxItems'] ?? 4), 4),
      })
    case 'object':
      return object(schema, of, mutations)
    default:
      return mutations === 0 ? fc.jsonValue({ maxDepth: 2 }) : junk
  }
}

function object(schema: JsonSchema, of: (inner: unknown) => fc.Arbitrary<unknown>, mutations: number): fc.Arbitrary<unknown> {
  const entries = Object.entries(schema.properties ?? {}).map(([name, inner]) => [name, of(inner)] as const)
  const known = fc.record(Object.fromEntries(entries), { requiredKeys: (schema.required ?? []) as never })
  const [pattern] = Object.entries((schema['patternProperties'] ?? {}) as Record<string, unknown>)
  const free = pattern
    ? fc.dictionary(mutations === 0 ? fc.constantFrom('A', 'TOKEN', 'name') : fc.string({ maxLength: 6 }), of(pattern[1]), {
        maxKeys: 3,
      })
    : fc.constant({})
  if (mutations === 0) return fc.tuple(known, free).map(([a, b]) => ({ ...a, ...b }))
  const unknown = fc.oneof(
    { arbitrary: fc.constant({}), weight: Math.round((1 - mutations) * 100) },
    { arbitrary: fc.dictionary(fc.string({ maxLength: 8 }), junk, { maxKeys: 1 }), weight: Math.round(mutations * 100) },
  )
  return fc.tuple(known, free, unknown).map(([a, b, c]) => ({ ...a, ...b, ...c }))
}

const samples = [
  'demo',
  'demo',
  'demo',
  'alice',
  'a',
  'pool-1',
  'x'.repeat(63),
  'A',
  'TZ',
  'a.b@c:d-e',
  'NET_ADMIN',
  'cpu',
  '/',
  '/data',
  '/a/b',
  '/proc/x',
  '/..',
  '/ü',
]

function text(schema: JsonSchema): fc.Arbitrary<string> {
  if (schema['format'] === 'date-time')
    return fc.date({ noInvalidDate: true, min: new Date(0), max: new Date(4e12) }).map((date) => date.toISOString())
  if (schema['format'] === 'ipv4') return fc.ipV4()
  const minLength = Number(schema['minLength'] ?? 0)
  if (typeof schema['pattern'] !== 'string') {
    return fc.oneof(
      fc.constantFrom('demo', 'echo:1'),
      fc.string({ maxLength: Math.min(30, Number(schema['maxLength'] ?? 30)), minLength }),
    )
  }
  const pattern = new RegExp(schema['pattern'])
  return fc.constantFrom(...samples.filter((sample) => pattern.test(sample)))
}
