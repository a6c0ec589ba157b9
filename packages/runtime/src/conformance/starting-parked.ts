import { describe, expect } from 'bun:test'

import { conformanceDelivery } from '../conformance-subject.ts'
import { codeOf } from './code-of.ts'
import { eventually } from './eventually.ts'
import { it, never, type RuntimeUnderTest } from './runtime-under-test.ts'

export function startingParked(at: RuntimeUnderTest): void {
  const { poolId, read, run } = at

  describe('deliver to a parked container', () => {
    it('starts a parked entrypoint with the environment of the claim, quotes and newlines as they are', async () => {
      const containerId = await run('greet')
      expect(await codeOf(read(containerId, '/state/greeting'))).toBe('container.file_not_found')
      const greeting = `it's "fine" $HOME \`id\` \\ \n second line`
      const delivery = conformanceDelivery(containerId, poolId, { start: { environment: { GREETING: greeting } } })
      expect(await at.runtime.deliver(containerId, delivery, never)).toEqual({ isNew: true, isStarted: true })
      const found = await eventually(
        () => read(containerId, '/state/greeting').catch(() => ''),
        (value) => value.length > greeting.length,
      )
      expect(found).toBe(`${greeting}\n`)
      expect(await at.runtime.deliver(containerId, delivery, never)).toEqual({ isNew: false, isStarted: true })
    })

    it('a started parked container takes a new revision', async () => {
      const containerId = await run('greet')
      const start = { environment: { GREETING: 'one' } }
      await at.runtime.deliver(containerId, conformanceDelivery(containerId, poolId, { start }), never)
      const next = conformanceDelivery(containerId, poolId, { revision: 2, config: { greeting: 'two' }, start })
      expect(await at.runtime.deliver(containerId, next, never)).toEqual({ isNew: true, isStarted: true })
      expect(JSON.parse(await read(containerId, '/boilerhouse/config.json'))).toEqual({ greeting: 'two' })
    })
  })
}
