import { describe, expect, test } from 'bun:test'

import type { ContainerId } from '@boilerhouse/base'
import type { RuntimeContainer } from '@boilerhouse/runtime'

import { EngineView } from './engine-view.ts'

const id = 'c-1' as ContainerId
const running: RuntimeContainer = {
  containerId: id,
  poolId: 'p' as never,
  workloadId: 'w' as never,
  workloadGeneration: 1,
  phase: 'running',
  isConnected: true,
}

describe('EngineView', () => {
  test('a list that was asked for before a container was made says nothing about it', () => {
    const view = new EngineView()
    const listAt = view.turn()
    view.set(id, running, view.turn())
    view.replace([], listAt)
    expect(view.get(id)).toBe(running)
    view.replace([], view.turn())
    expect(view.get(id)).toBe('absent')
  })
  test('an answer that was asked for before something happened has to be asked for again', () => {
    const view = new EngineView()
    const askedAt = view.turn()
    view.changed(id)
    view.set(id, running, askedAt)
    expect(view.isStale(id)).toBe(true)
    view.set(id, running, view.turn())
    expect(view.isStale(id)).toBe(false)
  })
  test('what was known before the engine went away is not known after it', () => {
    const view = new EngineView()
    view.set(id, running, view.turn())
    view.setConnected(false)
    expect([view.get(id), view.isStale(id)]).toEqual(['unknown', true])
  })
})
