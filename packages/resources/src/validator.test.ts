import { Fault, isFault } from '@boilerhouse/base'
import { Type } from '@sinclair/typebox'
import { describe, expect, test } from 'bun:test'
import * as fc from 'fast-check'

import * as resources from '../mod.ts'
import { ClaimRequest, createQueryValidator, createValidator, PoolInput, WorkloadInput } from '../mod.ts'

const pointers = (schema: Parameters<typeof createValidator>[0], value: unknown) =>
  createValidator(schema)
    .faults(value)
    .map(({ pointer }) => pointer)

describe('createValidator', () => {
  test('every schema of the package compiles in strict mode', () => {
    const schemas = Object.values(resources as Record<string, unknown>).filter(
      (value) => typeof value === 'object' && value !== null && ('type' in value || 'anyOf' in value),
    )
    expect(schemas.length).toBeGreaterThan(30)
    for (const schema of schemas) createValidator(schema as unknown as Parameters<typeof createValidator>[0]).faults({})
  })

  test('fills nested defaults into the copy and never into the input', () => {
    const input = { name: 'x', image: 'y' }
    const workload = createValidator(WorkloadInput).parse(input)
    expect(workload.resources).toEqual({ cpus: 1, memoryMb: 512, pids: 256, diskMb: 1024 })
    expect(workload.security.readOnlyRootFilesystem).toBe(true)
    expect(input).toEqual({ name: 'x', image: 'y' })
  })

  test('two results never share a default', () => {
    const validator = createValidator(WorkloadInput)
    validator.parse({ name: 'x' }).ports.push({ name: 'p', containerPort: 1, protocol: 'tcp' })
    expect(validator.parse({ name: 'x' }).ports).toEqual([])
  })

  test('points at missing, unknown and misnamed properties, escaped', () => {
    expect(pointers(PoolInput, { 'a/b~c': 1 })).toEqual(['/workloadId', '/a~1b~0c'])
    expect(pointers(ClaimRequest, { poolId: 'p', secrets: { 'a/b': 'x' }, env: { '1x': '' } })).toEqual([
      '/secrets/a~1b',
      '/env/1x',
    ])
    expect(pointers(WorkloadInput, { name: 'x', ports: [{ containerPort: 0 }] })).toEqual([
      '/ports/0/name',
      '/ports/0/containerPort',
    ])
  })

  test('puts the prefix before every pointer', () => {
    expect(createValidator(PoolInput).faults({}, '/body')).toEqual([{ pointer: '/body/workloadId', detail: 'is missing' }])
  })

  test('reports at most 50 faults', () => {
    const ports = Array.from({ length: 32 }, () => ({ a: 1, b: 2, c: 3 }))
    expect(pointers(WorkloadInput, { name: 'x', ports })).toHaveLength(50)
    expect(
      pointers(ClaimRequest, {
        poolId: 'p',
        config: Object.fromEntries(
          ports.flatMap((_, i) => [
            [`a${i}`, '\0'],
            [`b${i}`, '\0'],
          ]),
        ),
      }),
    ).toHaveLength(50)
  })

  test('refuses what could pollute a prototype, and no object prototype changes', () => {
    const body: unknown = JSON.parse('{"poolId":"p","config":{"__proto__":{"polluted":true}},"__proto__":{"polluted":true}}')
    expect(pointers(ClaimRequest, body)).toEqual(['/config/__proto__', '/__proto__'])
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
  })

  test('refuses what Postgres cannot keep: NUL, half a surrogate pair, numbers beyond a double', () => {
    const config: unknown = JSON.parse(String.raw`{"a":"x\u0000","b":"\ud800","c":1e999,"d\u0000":1}`)
    expect(pointers(ClaimRequest, { poolId: 'p', config })).toHaveLength(4)
  })

  test('input nested ten thousand deep is a fault, not a stack overflow', () => {
    const deep: unknown = JSON.parse(`${'[{"a":'.repeat(5000)}1${'}]'.repeat(5000)}`)
    expect(() => createValidator(ClaimRequest).parse({ poolId: 'p', config: { deep } })).toThrow(Fault)
  })

  test('a fault never repeats the value of a secret', () => {
    const faults = createValidator(ClaimRequest).faults({
      poolId: 'p',
      secrets: { A: { base64: 5, hunter2: 'hunter3' } },
      env: { X: ['hunter4'] },
    })
    expect(JSON.stringify(faults)).not.toMatch(/hunter[34]/)
  })

  test('whatever comes in, only request.invalid is thrown', () => {
    const validators = [ClaimRequest, WorkloadInput, PoolInput].map((schema) => createValidator(schema))
    fc.assert(
      fc.property(fc.anything({ withNullPrototype: true, withBigInt: true, withDate: true, withMap: true }), (value) => {
        for (const validator of validators) {
          try {
            validator.parse(value)
          } catch (error) {
            if (!isFault(error, 'request.invalid') || (error.errors ?? []).length === 0) throw error
          }
        }
      }),
      { numRuns: 300 },
    )
  })
})

describe('createQueryValidator', () => {
  const query = createQueryValidator(
    Type.Object(
      {
        limit: Type.Integer({ minimum: 1, maximum: 200, default: 50 }),
        force: Type.Boolean({ default: false }),
        state: Type.Optional(Type.Array(Type.String())),
      },
      { additionalProperties: false },
    ),
  )
  test('texts become numbers, booleans and lists', () => {
    expect(query.parse({ limit: '7', force: 'true', state: 'warm' })).toEqual({ limit: 7, force: true, state: ['warm'] })
    expect(query.parse({})).toEqual({ limit: 50, force: false })
  })
  test('a text that is no number is a fault at its name', () => {
    expect(query.faults({ limit: 'many' })).toEqual([{ pointer: '/limit', detail: 'must be integer' }])
  })
})
