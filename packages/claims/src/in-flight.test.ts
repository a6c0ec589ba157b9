import type { PoolId, TenantId } from '@boilerhouse/base'
import { expect, test } from 'bun:test'

import { claimKey, createInFlight } from './in-flight.ts'

const key = claimKey('alice' as TenantId, 'demo' as PoolId)

test('an action that throws before it gives a promise fails its own caller, and the next one runs', async () => {
  const inFlight = createInFlight(() => {})
  const thrown = inFlight.run(key, () => {
    throw new Error('mine')
  })
  expect(await thrown.catch((error: Error) => error.message)).toBe('mine')
  expect(await inFlight.run(key, async () => 'fine')).toBe('fine')
})

test('a use case is answered before what comes after it has ended; the next one of its key waits, and says so', async () => {
  let waits = 0
  const inFlight = createInFlight(() => void waits++)
  const last = Promise.withResolvers<void>()
  const log: string[] = []
  const first = await inFlight.run(key, async () => {
    inFlight.after(
      key,
      last.promise.then(() => log.push('marked')),
    )
    return 'answered'
  })
  expect([first, inFlight.isBusy(key), waits]).toEqual(['answered', false, 0])
  const next = inFlight.run(key, async () => void log.push('next'))
  expect(waits).toBe(1)
  last.resolve()
  await next
  expect(log).toEqual(['marked', 'next'])
})
