import { join } from 'node:path'

import { faultRegistry } from '@boilerhouse/base'
import { expect, test } from 'bun:test'

import { openApiText } from './generated-files.ts'
import { createOpenApi } from './openapi.ts'
import { routeTable } from './route-table.ts'

const operations = routeTable.map(({ spec }) => spec)

test('the committed document is what the routes say', async () => {
  expect(await Bun.file(join(import.meta.dirname, '../openapi.json')).text()).toBe(openApiText())
})

test('every operation has an id, a path and a method of its own, and a file named after it', async () => {
  expect(new Set(operations.map(({ operationId }) => operationId)).size).toBe(operations.length)
  expect(new Set(operations.map(({ method, path }) => `${method} ${path}`)).size).toBe(operations.length)
})

test('every reference leads to a schema, and no schema is unused', () => {
  const text = JSON.stringify(createOpenApi(routeTable))
  const named = new Set(text.matchAll(/#\/components\/schemas\/(\w+)/g).map(([, name]) => name ?? ''))
  const schemas = Object.keys(createOpenApi(routeTable).components['schemas'] as object)
  expect([...named].toSorted()).toEqual(schemas.toSorted())
})

test('the faults an operation names are of the registry, and every route but the open ones can say 401', () => {
  const { paths } = createOpenApi(routeTable)
  for (const { faults = [], path, method, role } of operations) {
    for (const code of faults) expect(faultRegistry).toHaveProperty([code])
    const operation = paths[path.replaceAll(/:(\w+)/g, '{$1}')]?.[method.toLowerCase()]
    expect('401' in (operation?.responses ?? {})).toBe(role !== 'open')
  }
})

test('what has a default may be left out of a request and is always there in an answer', () => {
  const schemas = createOpenApi(routeTable).components['schemas'] as Record<string, { required: string[] }>
  expect(schemas['PoolInput']?.required).toEqual(['workloadId'])
  expect(schemas['Pool']?.required).toContain('minSize')
})
