import { expect, test } from 'bun:test'

import { faultRegistry, type FaultCode, type FaultEntry } from './fault-registry.ts'
import { Fault, isFault } from './fault.ts'

const entries = Object.entries(faultRegistry) as readonly (readonly [FaultCode, FaultEntry])[]

test.each(entries)(
  '%s has a code of two words, a title, a remedy and a status that says the same as its retry class',
  (code, entry) => {
    expect(code).toMatch(/^[a-z]+\.[a-z]+(_[a-z]+)*$/)
    expect(entry.title).toMatch(/^[A-Z].*[^.]$/)
    expect(entry.remedy).toMatch(/^[A-Z].*[.`]$/)
    expect(entry.status).toBeGreaterThanOrEqual(400)
    expect(entry.status).toBeLessThan(600)
    if (entry.status === 504) expect(entry.retry).toBe('later')
  },
)

test('a fault carries what the registry says of its code, and the remedy of its own place where there is one', () => {
  const fault = new Fault('pool.exhausted', 'Pool demo is full', { retryAfterMs: 500, cause: new Error('inner') })
  expect([fault.status, fault.retry, fault.message, fault.retryAfterMs]).toEqual([503, 'later', 'Pool demo is full', 500])
  expect(fault.remedy).toBe(faultRegistry['pool.exhausted'].remedy)
  expect(new Fault('pool.exhausted', '', { remedy: 'Do this.' }).remedy).toBe('Do this.')
})

test('isFault tells faults from errors, and one code from another', () => {
  const fault = new Fault('pool.exhausted', '')
  expect([isFault(fault), isFault(fault, 'pool.exhausted'), isFault(fault, 'pool.draining')]).toEqual([true, true, false])
  expect([isFault(new Error('x')), isFault(undefined), isFault({ code: 'pool.exhausted' })]).toEqual([false, false, false])
})
