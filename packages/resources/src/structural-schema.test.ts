import { expect, test } from 'bun:test'

import { PoolInput, PoolSpec, WorkloadInput, WorkloadSpec } from '../mod.ts'

const structural = new Set([
  'type',
  'properties',
  'required',
  'additionalProperties',
  'items',
  'enum',
  'default',
  'description',
  'format',
  'pattern',
  'minimum',
  'maximum',
  'minLength',
  'maxLength',
  'minItems',
  'maxItems',
])

/** What a Kubernetes structural schema does not take; maps are written as `patternProperties` here and become additionalProperties. */
function violations(schema: unknown, path: string): string[] {
  if (typeof schema !== 'object' || schema === null) return [`${path}: no schema`]
  const node = schema as Record<string, unknown>
  const own = Object.keys(node)
    .filter((keyword) => !structural.has(keyword) && keyword !== 'patternProperties')
    .map((keyword) => `${path}: ${keyword}`)
  if (typeof node['type'] !== 'string') own.push(`${path}: type must be one word`)
  const below = [
    ...Object.entries((node['properties'] as object | undefined) ?? {}),
    ...Object.entries((node['patternProperties'] as object | undefined) ?? {}),
    ...(node['items'] ? [['items', node['items']] as const] : []),
  ]
  return [...own, ...below.flatMap(([name, child]) => violations(child, `${path}/${name}`))]
}

test.each([
  ['WorkloadSpec', WorkloadSpec],
  ['WorkloadInput', WorkloadInput],
  ['PoolSpec', PoolSpec],
  ['PoolInput', PoolInput],
])('%s keeps to what a Kubernetes structural schema allows', (name, schema) => {
  expect(violations(schema, name)).toEqual([])
})
