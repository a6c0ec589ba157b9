import type { TenantId } from '@boilerhouse/base'
import { expect, test } from 'bun:test'

import { codeOf } from './fault-code.fixture.ts'
import { read, stateful, write } from './state-files.fixture.ts'
import { claimRequest, context, createWorld } from './world.fixture.ts'

for (const warm of [0, 1])
  test(`a tenant's files are with one pool's claim: another pool of the workload, ${warm} warm, refuses until it is released`, async () => {
    using world = await createWorld({ warm: 1, workload: stateful })
    const other = await world.addPool('other')
    await world.addWarm(warm, other)
    await world.claim('alice')
    await write(world, 'alice', 'notes.txt', 'mine')
    expect(await codeOf(world.claim('alice', { poolId: other }))).toBe('state.in_use')
    expect(await world.states(other)).toEqual(warm ? ['warm'] : [])
    expect(await read(world, 'alice', 'notes.txt')).toBe('mine')
    await world.release('alice')
    const { answer } = await world.claim('alice', { poolId: other })
    expect(answer.source).toBe(warm ? 'pool+data' : 'cold+data')
    expect(await codeOf(world.claim('alice'))).toBe('state.in_use')
  })

test('two servers that claim two pools of one workload for one tenant at once: one gets the files, the other binds nothing', async () => {
  using world = await createWorld({ warm: 1, workload: stateful })
  const other = await world.addPool('other')
  await world.addWarm(1, other)
  const second = world.another()
  const codes = await Promise.all([
    codeOf(world.claim('alice')),
    codeOf(second.claim('alice' as TenantId, claimRequest({ poolId: other }), context())),
  ])
  expect(codes.toSorted()).toEqual(['ok', 'state.in_use'])
  expect([...(await world.states()), ...(await world.states(other))].toSorted()).toEqual(['bound', 'warm'])
})

test('a workload without a state volume is claimed from two of its pools by one tenant', async () => {
  using world = await createWorld({ warm: 1 })
  const other = await world.addPool('other')
  await world.claim('alice')
  expect(await codeOf(world.claim('alice', { poolId: other }))).toBe('ok')
})
