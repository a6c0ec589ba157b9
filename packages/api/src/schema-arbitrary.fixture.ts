import fc from 'fast-check'

import type { JsonSchema } from './openapi-schemas.ts'

const junk: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(null, true, -1, 0, 1.5, 1e308, '', '\0', '\ud800', 'x'.repeat(5000), [], {}, [[[]]], { __proto__x: 1 }, '../..', '${tenantId}', "'; drop table claims; --", '%00'),
  fc.string({ maxLength: 20 }),
  fc.string({ unit: 'binary', maxLength: 10 }),
  fc.jsonValue({ maxDepth: 3 }),
)

/** Values of a JSON schema as the OpenAPI document has it; mostly fitting, sometimes mutated somewhere inside. */
export const fromSchema = (schema: JsonSchema, mutations = 0.06): fc.Arbitrary<unknown> => {
  const fitting = fitting_(schema, mutations)
  return fc.oneof({ arbitrary: fitting, weight: Math.round((1 - mutations) * 1000) }, { arbitrary: junk, weight: Math.round(mutations * 1000) })
}

function fitting_(schema: JsonSchema, mutations: number): fc.Arbitrary<unknown> {
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
      return fc.array(of(schema['items'] ?? {}), { minLength: Number(schema['minItems'] ?? 0), maxLength: Math.min(Number(schema['maxItems'] ?? 4), 4) })
    case 'object':
      return object(schema, of, mutations)
    default:
      return junk
  }
}

function object(schema: JsonSchema, of: (inner: unknown) => fc.Arbitrary<unknown>, mutations: number): fc.Arbitrary<unknown> {
  const entries = Object.entries(schema.properties ?? {}).map(([name, inner]) => [name, of(inner)] as const)
  const known = fc.record(Object.fromEntries(entries), { requiredKeys: (schema.required ?? []) as never })
  const [pattern] = Object.entries((schema['patternProperties'] ?? {}) as Record<string, unknown>)
  const free = pattern ? fc.dictionary(fc.oneof(fc.constantFrom('A', 'TOKEN', 'name'), fc.string({ maxLength: 6 })), of(pattern[1]), { maxKeys: 3 }) : fc.constant({})
  const unknown = fc.oneof({ arbitrary: fc.constant({}), weight: Math.round((1 - mutations) * 100) }, { arbitrary: fc.dictionary(fc.string({ maxLength: 8 }), junk, { maxKeys: 1 }), weight: Math.round(mutations * 100) })
  return fc.tuple(known, free, unknown).map(([a, b, c]) => ({ ...a, ...b, ...c }))
}

function text(schema: JsonSchema): fc.Arbitrary<string> {
  const pattern = typeof schema['pattern'] === 'string' ? schema['pattern'] : undefined
  if (schema['format'] === 'date-time') return fc.date({ noInvalidDate: true }).map((date) => date.toISOString())
  if (schema['format'] === 'ipv4') return fc.ipV4()
  if (pattern === undefined) return fc.string({ maxLength: 30, minLength: Number(schema['minLength'] ?? 0) })
  if (pattern.startsWith('^[a-z0-9]([a-z0-9-]')) return fc.constantFrom('demo', 'a', 'pool-1', 'w-2', 'x'.repeat(63))
  if (pattern === '^/') return fc.constantFrom('/', '/data', '/a/b', '/proc/x', '/boilerhouse', '/..', '/a//b', '/ü').chain((path) => fc.constant(path))
  return fc.oneof(fc.constantFrom('alice', 'A', 'TZ', 'a.b@c:d-e', 'NET_ADMIN', 'cpu'), fc.string({ maxLength: 8 }))
}
