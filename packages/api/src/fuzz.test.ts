import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import * as fc from 'fast-check'

import { createBed, until, type Bed } from './bed.fixture.ts'
import { createOpenApi, type OpenApiOperation } from './openapi.ts'
import type { JsonSchema } from './openapi-schemas.ts'
import { routeTable } from './route-table.ts'
import { fromSchema } from './schema-arbitrary.fixture.ts'

setDefaultTimeout(60_000)
let bed: Bed
beforeAll(async () => {
  bed = await createBed({ on: 'postgres' })
  await bed.demo({ pool: { minSize: 1, maxSize: 4 } })
})
afterAll(() => bed[Symbol.asyncDispose]())

const document = createOpenApi(routeTable)
const schemas = document.components['schemas'] as Record<string, JsonSchema>
const resolve = (schema: JsonSchema): JsonSchema =>
  typeof schema['$ref'] === 'string' ? (schemas[schema['$ref'].split('/').at(-1) ?? ''] ?? {}) : schema

const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })),
)

/** Stands for a container that is there when the shot is fired. */
const container = '@container'

interface Shot {
  readonly params: Readonly<Record<string, unknown>>
  readonly query: Readonly<Record<string, unknown>>
  readonly body: unknown
  readonly header: string | undefined
}

/** Half of them fit their schema in every part, so that they get past the edge; the others are bent somewhere. */
const shots = (operation: OpenApiOperation): fc.Arbitrary<Shot> => fc.oneof(shotsOf(operation, 0), shotsOf(operation, 0.08))

function shotsOf({ parameters = [], requestBody }: OpenApiOperation, mutations: number): fc.Arbitrary<Shot> {
  const place = (name: 'path' | 'query') =>
    fc.record(
      Object.fromEntries(
        parameters
          .filter((one) => one.in === name)
          .map((one) => [
            one.name,
            name === 'path'
              ? fc.oneof(
                  { arbitrary: fc.constantFrom('demo', 'alice', 'pool-1', container), weight: 6 },
                  fromSchema(one.schema, mutations * 4),
                )
              : fromSchema(one.schema, mutations),
          ]),
      ),
      { requiredKeys: parameters.filter((one) => one.in === name && one.required).map((one) => one.name) },
    ) as fc.Arbitrary<Record<string, unknown>>
  const content = (requestBody as { content?: Record<string, { schema: JsonSchema }> } | undefined)?.content?.['application/json']
  const body = content ? fromSchema(resolve(content.schema), mutations) : fc.constant(undefined)
  const header = fc.option(fc.constantFrom('"1"', '7', '*', 'x'), { nil: undefined, freq: 1 })
  return fc.record({ params: place('path'), query: place('query'), body, header })
}

/** Keeps the fake engine small and waits short; everything else goes as it was made up. */
function tamed(body: unknown): unknown {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return body
  const fields = { ...body } as Record<string, unknown>
  if (typeof fields['minSize'] === 'number') fields['minSize'] = Math.min(fields['minSize'], 2)
  if (typeof fields['maxSize'] === 'number') fields['maxSize'] = Math.min(fields['maxSize'], 4)
  if (typeof fields['size'] === 'number') fields['size'] = Math.min(fields['size'], 2)
  if (typeof fields['waitMs'] === 'number') fields['waitMs'] = Math.min(fields['waitMs'], 30)
  if ('image' in fields && 'ports' in fields)
    Object.assign(fields, { image: 'echo:1', build: undefined, healthCheck: undefined, volumes: {}, ports: [] })
  if ('image' in fields && 'environment' in fields) fields['environment'] = { A: '${containerId}' }
  if ('image' in fields) fields['configSchema'] = undefined
  if (typeof fields['timeoutMs'] === 'number') fields['timeoutMs'] = Math.min(fields['timeoutMs'], 100)
  return fields
}

const textOf = (value: unknown): string =>
  encodeURIComponent((typeof value === 'string' ? value : JSON.stringify(value)).toWellFormed())

async function fire(
  method: string,
  path: string,
  { params, query, body, header }: Shot,
): Promise<{ status: number; text: string }> {
  const [one] = await bed.store.containers.all({ states: ['bound', 'warm'] })
  const place = path.replaceAll(/\{(\w+)\}/g, (_whole, name: string) =>
    params[name] === container ? (one?.id ?? 'none') : textOf(params[name]) || 'demo',
  )
  const search = Object.entries(query).flatMap(([name, value]) =>
    (Array.isArray(value) ? value : [value]).map((each) => `${name}=${textOf(each)}`),
  )
  const stop = new AbortController()
  const response = await fetch(`${bed.url}${place}${search.length > 0 ? `?${search.join('&')}` : ''}`, {
    method,
    headers: {
      authorization: `Bearer ${bed.adminKey}`,
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...(header !== undefined && { 'if-match': header }),
    },
    ...(body !== undefined && { body: JSON.stringify(tamed(body)) }),
    redirect: 'manual',
    signal: stop.signal,
  })
  const isProblem = response.headers.get('content-type') === 'application/problem+json'
  const text = isProblem ? await response.text() : ''
  if (!isProblem) stop.abort() // streams do not end by themselves
  return { status: response.status, text }
}

/** What takes things away comes last, so that there is something to shoot at. */
const inOrder = operations.toSorted((a, b) => Number(a.method === 'DELETE') - Number(b.method === 'DELETE'))

describe.each(inOrder)('$method $path', ({ path, method, operation }) => {
  test('whatever is sent, the answer is one that the document knows, and never 500', async () => {
    const documented = Object.keys(operation.responses).map(Number)
    await fc.assert(
      fc.asyncProperty(shots(operation), async (shot) => {
        const { status, text } = await fire(method, path, shot)
        if (status >= 400) {
          const { code, status: told } = JSON.parse(text)
          expect([told, typeof code]).toEqual([status, 'string'])
          if (status >= 500) expect([502, 503, 504]).toContain(status)
        }
        // A path made of junk may be another route's, or none's.
        if (status !== 404 && status !== 405) expect([...documented, 502]).toContain(status)
      }),
      { numRuns: 25, endOnFailure: true },
    )
  })
})

test('after all of it the server is well, and nothing is left behind once what was made is deleted', async () => {
  expect(bed.logLines.filter((line) => line.includes('request failed'))).toEqual([])
  expect((await bed.call('GET', '/health')).body.status).toBe('ok')
  const all = async (path: string) => (await bed.call('GET', `${path}?limit=500`)).body.items as { id: string }[]
  for (const { id } of await all('/api/v1/pools')) await bed.call('DELETE', `/api/v1/pools/${id}`)
  await until(async () => (await all('/api/v1/pools')).length === 0, 30_000)
  for (const { id } of await all('/api/v1/workloads'))
    expect((await bed.call('DELETE', `/api/v1/workloads/${id}`)).status).toBe(204)
  for (const { id } of await all('/api/v1/keys')) await bed.call('DELETE', `/api/v1/keys/${id}`)
  await until(async () => bed.runtime.control.leftovers().length === 0)
  expect((await bed.call('GET', '/api/v1/stats')).body).toMatchObject({ workloads: 0, pools: 0, claims: {}, eventStreams: 0 })
})
