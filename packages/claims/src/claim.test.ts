import { isFault } from '@boilerhouse/base'
import { expect, test } from 'bun:test'

import { createWorld } from './world.fixture.ts'

export const codeOf = async (action: Promise<unknown>): Promise<string> => {
  try {
    await action
    return 'ok'
  } catch (error) {
    return isFault(error) ? error.code : String(error)
  }
}

test('a warm claim is bound, delivered and active before it is answered', async () => {
  using world = await createWorld({ warm: 1, workload: { ports: [{ name: 'web', containerPort: 80 }] } })
  const { answer, isNew } = await world.claim('alice', { config: { greeting: 'hi' }, secrets: { TOKEN: 's3cr3t' } })
  expect([isNew, answer.state, answer.source, answer.revision]).toEqual([true, 'active', 'pool', 1])
  const delivery = world.runtime.control.delivered(answer.containerId as never)
  expect(delivery?.config).toEqual({ greeting: 'hi' })
  expect(Buffer.from(delivery?.secrets.get('TOKEN') ?? []).toString()).toBe('s3cr3t')
  console.log(answer)
})
