import { isFault } from '@boilerhouse/base'
import { describe, expect, test } from 'bun:test'
import * as fc from 'fast-check'

import { claimEnvironment, containerEnvironment } from '../mod.ts'
import { parseEnvironmentTemplate } from './environment-template.ts'

const values = {
  containerId: 'c-1',
  poolId: 'demo',
  allowedEnvironment: { REGION: 'eu' },
  tenantId: 'alice@x',
  config: { a: { b: 'deep', n: 5, list: [1], nothing: null } } as Record<string, unknown>,
  secrets: new Map([
    ['TOKEN', Buffer.from('s3cr3t')],
    ['BINARY', Buffer.of(0xff, 0xfe)],
    ['NUL', Buffer.from('a\0b')],
  ]),
  env: {} as Record<string, string>,
}
const claimed = (environment: Record<string, string>, env = {}) => claimEnvironment({ environment }, { ...values, env })
const faultsOf = (action: () => unknown) => {
  try {
    action()
  } catch (error) {
    if (isFault(error, 'request.invalid')) return error.errors
    throw error
  }
  return undefined
}

describe('claimEnvironment', () => {
  test('fills in every kind of reference', () => {
    expect(
      claimed({
        A: 'x ${tenantId} ${containerId} ${poolId} ${config.a.b} ${config.a.n} ${config.a.list} ${secret:TOKEN} ${env:REGION}$',
        B: '$${tenantId} $5 {a}',
      }),
    ).toEqual({ A: 'x alice@x c-1 demo deep 5 [1] s3cr3t eu$', B: '${tenantId} $5 {a}' })
  })
  test("the claim's env stands above the workload's", () =>
    expect(claimed({ A: '1', B: '2' }, { A: '3' })).toEqual({ A: '3', B: '2' }))
  test('a filled-in value is never read as a template again', () => {
    expect(claimEnvironment({ environment: { A: '${config.x}' } }, { ...values, config: { x: '${secret:TOKEN}' } })).toEqual({
      A: '${secret:TOKEN}',
    })
  })
  test('a missing config value or secret is a fault at its place', () => {
    expect(faultsOf(() => claimed({ A: '${config.a.missing}', B: '${secret:NONE}' }))?.map(({ pointer }) => pointer)).toEqual([
      '/config/a/missing',
      '/secrets/NONE',
    ])
  })
  test('inherited names are no config', () => {
    expect(faultsOf(() => claimed({ A: '${config.constructor.name}', B: '${config.__proto__}' }))).toHaveLength(2)
  })
  test('binary, NUL, 128 KiB and 1 MiB lead to "use a secret file"', () => {
    const nine = Object.fromEntries(Array.from({ length: 9 }, (_, i) => [`X${i}`, 'x'.repeat(120_000)]))
    for (const faults of [
      faultsOf(() => claimed({ A: '${secret:BINARY}' })),
      faultsOf(() => claimed({ A: '${secret:NUL}' })),
      faultsOf(() => claimed({}, { A: 'x'.repeat(131_072) })),
      faultsOf(() => claimed({}, nine)),
    ]) {
      expect(faults?.[0]?.detail).toContain('use a secret file')
    }
  })
})

test('NAME=value takes 131,072 bytes with its NUL at the end and not one more, interpolated ones included', () => {
  const fits = 'x'.repeat(131_072 - 'A='.length - 1)
  expect(claimed({}, { A: fits })).toEqual({ A: fits })
  const long = { ...values, config: { text: `${fits}x` } }
  for (const action of [
    () => claimed({}, { A: `${fits}x` }),
    () => claimed({}, { AB: fits }),
    () => claimEnvironment({ environment: { A: '${config.text}' } }, long),
  ])
    expect(faultsOf(action)?.[0]?.detail).toContain('use a secret file')
})

describe('containerEnvironment', () => {
  test('holds only what needs no tenant', () => {
    expect(
      containerEnvironment(
        { environment: { A: '${containerId}', B: '${secret:TOKEN}', C: 'x${env:REGION}', D: '${env:HOME}' } },
        values,
      ),
    ).toEqual({ A: 'c-1', C: 'xeu', D: '' })
  })
})

describe('parseEnvironmentTemplate', () => {
  test('a text without ${ is itself', () => {
    fc.assert(
      fc.property(
        fc.string().filter((text) => !text.includes('${')),
        (text) => {
          expect(parseEnvironmentTemplate(text)).toEqual({ parts: text === '' ? [] : [text], unknown: [] })
        },
      ),
    )
  })
  test('any text can be written, by $${', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom('$', '{', '}', 'a', '${tenantId}')).map((parts) => parts.join('')),
        (text) => {
          expect(parseEnvironmentTemplate(text.replaceAll('${', () => '$${')).parts.join('')).toBe(text)
        },
      ),
    )
  })
})
