import { Fault, type ContainerId, type PoolId } from '@boilerhouse/base'
import { containerTransitions, liveContainerStates, type ContainerRecord, type ContainerState } from '@boilerhouse/resources'

import type { ContainerStore, PoolCounts } from '../store.ts'
import { createContainer } from './container-create.ts'
import { putContainer } from './container-rows.ts'
import { pageOf } from './paging.ts'
import { compareAndSet, narrowed, type Writer } from './writer.ts'

export function createContainerStore(writer: Writer): ContainerStore {
  const { data } = writer
  const rows = (states: readonly ContainerState[] = liveContainerStates, poolId?: PoolId): ContainerRecord[] =>
    data.containerIndex.ids(states, poolId).flatMap((id) => data.containers.get(id) ?? [])
  return {
    create: async (input, options) => createContainer(writer, input, options),
    get: async (id) => data.containers.get(id),
    async list(query) {
      const { tenantId } = query
      const found = rows(query.states, query.poolId)
      const chosen = tenantId === undefined ? found : found.filter((container) => container.tenantId === tenantId)
      return pageOf(chosen, ({ id }) => [id], query)
    },
    all: async (query = {}) => rows(query.states, query.poolId),
    warmIds: async (poolId, limit) =>
      rows(['warm'], poolId)
        .sort((a, b) => probedAt(b) - probedAt(a))
        .slice(0, limit)
        .map(({ id }) => id),
    async counts(poolId) {
      const pools = poolId === undefined ? data.containerIndex.pools() : [poolId]
      const counted = new Map<PoolId, PoolCounts>()
      for (const pool of pools) {
        const counts = liveContainerStates.map((state) => [state, data.containerIndex.count([state], pool)] as const)
        const some = counts.filter(([, count]) => count > 0)
        if (some.length > 0) counted.set(pool, Object.fromEntries(some))
      }
      return counted
    },
    async transition(id, from, to, patch, options) {
      if (to === 'bound') throw new Fault('machine.unknown_transition', 'A container is bound by `bind` or `rebind` alone')
      const expected = narrowed(containerTransitions, from, to)
      const entered: Partial<ContainerRecord> =
        to === 'warm' ? { warmAt: writer.now(), claimId: undefined, tenantId: undefined, boundAt: undefined } : {}
      return compareAndSet(
        writer,
        options,
        data.containers.get(id),
        (old) => expected.includes(old.state),
        (old) => putContainer(writer, old, { ...structuredClone(patch), ...entered, state: to }),
      )
    },
    patch: async (id, inStates, patch, options) =>
      compareAndSet(
        writer,
        options,
        data.containers.get(id),
        (old) => inStates.includes(old.state),
        (old) => putContainer(writer, old, structuredClone(patch)),
      ),
    prune: async (beforeMs) => pruneGone(writer, beforeMs),
  }
}

const probedAt = (container: ContainerRecord): number => container.health.history[0]?.atMs ?? container.warmAt ?? 0

function pruneGone({ data }: Writer, beforeMs: number): number {
  const isOld = (id: ContainerId) => (data.containers.get(id)?.updatedAt ?? beforeMs) < beforeMs
  const old = data.containerIndex.ids(['gone']).filter(isOld)
  for (const id of old) {
    const record = data.containers.get(id)
    if (record) data.containerIndex.move(record.poolId, id, 'gone', undefined)
    data.containers.delete(id)
  }
  return old.length
}
