import { expect, test } from 'bun:test'

import type { PoolId } from '@boilerhouse/base'
import type { EventRecord, EventType } from '@boilerhouse/resources'

import { isOpen } from './circuit.ts'
import { PoolMemories } from './pool-memory.ts'
import { poolRow } from './rows.fixture.ts'

const pool = poolRow()
const told = (type: EventType, data: Record<string, unknown> = {}): EventRecord =>
  ({ type, poolId: 'p' as PoolId, data, timeMs: 1_000, ...(type.startsWith('runtime.') ? {} : { poolId: pool.id }) }) as never

test.each(['runtime.disconnected', 'runtime.connected'] as const)(
  'containers that ended with their engine do not keep a circuit open: %p closes it',
  (type) => {
    const memories = new PoolMemories()
    const memory = memories.of(pool, 0)
    for (let round = 0; round < 3; round++)
      memories.learn(told('container.draining', { isBroken: true, warmForMs: 10, reason: 'its process ended with code 0' }))
    expect(isOpen(memory.circuit)).toBe(true)
    memories.learn(told(type))
    expect(isOpen(memory.circuit)).toBe(false)
    // Found only now, and as old as the engine before.
    for (let round = 0; round < 3; round++)
      memories.learn(told('container.draining', { isBroken: true, warmForMs: 10, ageMs: 500, reason: 'its process ended' }))
    expect(isOpen(memory.circuit)).toBe(false)
  },
)
