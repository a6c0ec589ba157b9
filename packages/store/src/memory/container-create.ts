import { invariant } from '@boilerhouse/base'
import { liveContainerStates, type ContainerRecord } from '@boilerhouse/resources'

import type { ContainerStore, WriteOptions } from '../store.ts'
import type { Writer } from './writer.ts'

type Input = Parameters<ContainerStore['create']>[0]
type Created = Awaited<ReturnType<ContainerStore['create']>>

export function createContainer(writer: Writer, input: Input, options: WriteOptions): Created {
  const { data } = writer
  writer.checkFence(options)
  const pool = data.pools.get(input.poolId)
  if (!pool) return { outcome: 'no_pool' }
  if (pool.status.phase === 'draining') return { outcome: 'draining' }
  if (data.containerIndex.count(liveContainerStates, pool.id) >= pool.spec.maxSize) return { outcome: 'full' }
  if (input.maxContainers !== undefined && data.containerIndex.count(liveContainerStates) >= input.maxContainers)
    return { outcome: 'host_full' }
  invariant(!data.containers.has(input.id), `container ${input.id} is created once`)
  const now = writer.now()
  const record: ContainerRecord = {
    id: input.id,
    poolId: pool.id,
    workloadId: pool.workloadId,
    workloadGeneration: input.workloadGeneration,
    state: 'starting',
    health: { status: 'unknown', failures: 0, history: [] },
    onDemand: input.onDemand,
    ...(input.startedWith ? { startedWith: structuredClone(input.startedWith) } : {}),
    revision: 1,
    createdAt: now,
    updatedAt: now,
  }
  data.containers.set(record.id, record)
  data.containerIndex.move(pool.id, record.id, undefined, 'starting')
  writer.emit(options.event)
  return { outcome: 'ok', record }
}
