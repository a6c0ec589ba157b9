import type { FieldFault } from '@boilerhouse/base'

import { pointerToken } from './json-pointer.ts'
import { createLinearRegexp } from './linear-regexp.ts'

const maxBytes = 256 * 1024
const maxDepth = 64
/** Subschemas that one value may be held against, references followed: what nested `allOf` of references multiplies. */
const maxExpansion = 20_000
const dialects = /^https?:\/\/json-schema\.org\/(?:draft-0[467]\/schema#?|draft\/20(?:19-09|20-12)\/schema#?)$/

/** What a JSON Schema may not be here, before a compiler sees it. */
export function schemaShapeFaults(schema: Readonly<Record<string, unknown>>, prefix: string): readonly FieldFault[] {
  const bytes = Buffer.byteLength(JSON.stringify(schema))
  if (bytes > maxBytes) return [{ pointer: prefix, detail: `must not be larger than 256 KiB, is ${bytes} bytes` }]
  const dialect = schema['$schema']
  if (dialect !== undefined && !(typeof dialect === 'string' && dialects.test(dialect))) {
    return [{ pointer: `${prefix}/$schema`, detail: 'must be a dialect of json-schema.org, draft-04 to 2020-12' }]
  }
  const faults: FieldFault[] = []
  walk(schema, prefix, 0, faults)
  if (faults.length === 0) {
    const expansion = expansionOf(schema)
    if (expansion !== undefined) faults.push({ pointer: prefix, detail: expansion })
  }
  return faults
}

function walk(node: unknown, pointer: string, depth: number, faults: FieldFault[]): void {
  if (typeof node !== 'object' || node === null) return
  if (depth > maxDepth) {
    faults.push({ pointer, detail: `must not be nested deeper than ${maxDepth} levels` })
    return
  }
  for (const [name, value] of Object.entries(node)) {
    const at = pointer + pointerToken(name)
    const fault = keywordFault(name, value)
    if (fault) faults.push({ pointer: at, detail: fault })
    else if (name === 'patternProperties' && typeof value === 'object' && value !== null) {
      for (const pattern of Object.keys(value)) {
        const reason = patternFault(pattern)
        if (reason) faults.push({ pointer: at + pointerToken(pattern), detail: reason })
      }
    }
    // Values that `enum`, `const`, `default` and `examples` list are data, not schemas.
    if (!['enum', 'const', 'default', 'examples'].includes(name)) walk(value, at, depth + 1, faults)
  }
}

function keywordFault(name: string, value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined
  if (['$ref', '$dynamicRef', '$recursiveRef'].includes(name) && !value.startsWith('#')) {
    return 'must be a reference within this schema (#/…): nothing is fetched'
  }
  if (name === 'pattern') return patternFault(value)
  return name === '$id' || name === 'id' ? 'must be left out: it would change what references mean' : undefined
}

function patternFault(pattern: string): string | undefined {
  try {
    createLinearRegexp(pattern)
    return undefined
  } catch (error) {
    return `is no pattern that can be used: ${error instanceof Error ? error.message : String(error)}`
  }
}

const applied = ['allOf', 'anyOf', 'oneOf', 'not', 'if', 'then', 'else', 'dependentSchemas'] as const

/** Why checking one value would not end, or cost without bound; undefined where it is bounded. */
function expansionOf(root: Readonly<Record<string, unknown>>): string | undefined {
  const counts = new Map<object, number>()
  const open = new Set<object>()
  const count = (schema: unknown): number => {
    if (typeof schema !== 'object' || schema === null) return 1
    const known = counts.get(schema)
    if (known !== undefined) return known
    if (open.has(schema)) return Infinity
    open.add(schema)
    const node = schema as Record<string, unknown>
    let sum = 1
    for (const keyword of applied) {
      const value = node[keyword]
      if (value === undefined) continue
      const isOne = keyword === 'not' || keyword === 'if' || keyword === 'then' || keyword === 'else'
      for (const each of isOne ? [value] : Object.values(value as object)) sum += count(each)
    }
    if (typeof node['$ref'] === 'string') sum += count(resolve(root, node['$ref']))
    open.delete(schema)
    counts.set(schema, sum)
    return sum
  }
  for (const schema of everyObject(root)) {
    const sum = count(schema)
    if (sum === Infinity) return 'refers to itself without going deeper into the value: checking would not end'
    if (sum > maxExpansion) return `holds one value against more than ${maxExpansion} schemas`
  }
  return undefined
}

function* everyObject(node: unknown): Generator<object> {
  if (typeof node !== 'object' || node === null) return
  yield node
  for (const value of Object.values(node)) yield* everyObject(value)
}

function resolve(root: unknown, reference: string): unknown {
  if (!/^#(?:\/|$)/.test(reference)) return undefined // an anchor: the compiler knows it
  let node: unknown = root
  for (const token of reference.slice(1).split('/').slice(1)) {
    const name = decodeToken(token)
    if (typeof node !== 'object' || node === null || !Object.hasOwn(node, name)) return undefined
    node = (node as Record<string, unknown>)[name]
  }
  return node
}

function decodeToken(token: string): string {
  try {
    return decodeURIComponent(token).replaceAll('~1', '/').replaceAll('~0', '~')
  } catch {
    return token // not percent-encoded after all: the compiler will refuse it
  }
}
