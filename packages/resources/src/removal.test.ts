import { describe, expect, test } from 'bun:test'

import { isRemoved, removedBy, stuckRemoval, stuckRemovalMs, withRemovalFault } from './removal.ts'

describe('stuckRemoval', () => {
  const draining = { state: 'draining', updatedAt: 0, reason: 'idle above minSize' } as const

  test('a container that drains for a minute is not stuck yet, one that drains for longer is', () => {
    expect(stuckRemoval(draining, stuckRemovalMs)).toBeUndefined()
    expect(stuckRemoval(draining, stuckRemovalMs + 1)).toBe('the engine has not answered yet')
    expect(stuckRemoval({ ...draining, state: 'bound' }, stuckRemovalMs + 1)).toBeUndefined()
  })
  test('what the engine said stands behind why it goes, the newest alone', () => {
    const once = withRemovalFault(draining.reason, 'runtime.engine_failed: busy')
    const twice = withRemovalFault(once, 'runtime.timeout: slow')
    expect(twice).toBe('idle above minSize; its removal fails: runtime.timeout: slow')
    expect(stuckRemoval({ ...draining, reason: twice }, 0)).toBe('runtime.timeout: slow')
  })
})

test('who removed a container is known by its reason, also while its removal fails', () => {
  const reason = withRemovalFault(removedBy('key:k-1', true), 'runtime.timeout: slow')
  expect(reason).toStartWith('removed by key:k-1, with force')
  expect([isRemoved({ reason }), isRemoved({ reason: 'its process ended' })]).toEqual([true, false])
})
