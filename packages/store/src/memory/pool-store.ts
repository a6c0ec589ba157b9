import type { WorkloadId } from '@boilerhouse/base'
import { canTransition, liveClaimStates, liveContainerStates, poolTransitions, type PoolRecord } from '@boilerhouse/resources'

import type { PoolStore } from '../store.ts'
import { pageOf } from './paging.ts'
import type { Writer } from './writer.ts'

export function createPoolStore(writer: Writer): PoolStore {
  const { data } = writer
  const put = (old: PoolRecord, changes: Partial<PoolRecord>): PoolRecord => {
    const record = { ...old, ...changes, revision: old.revision + 1, updatedAt: writer.now() }
    data.pools.set(old.id, record)
    return record
  }
  return {
    async create({ id, spec }, options) {
      writer.checkFence(options)
      if (data.pools.has(id)) return { outcome: 'exists' }
      const workload = data.workloads.get(spec.workloadId as WorkloadId)
      if (!workload) return { outcome: 'no_workload' }
      const now = writer.now()
      const record: PoolRecord = {
        id,
        workloadId: workload.id,
        spec: structuredClone(spec),
        status: { phase: 'filling', conditions: [] },
        generation: 1,
        revision: 1,
        createdAt: now,
        updatedAt: now,
      }
      data.pools.set(id, record)
      writer.emit(options.event)
      return { outcome: 'ok', record }
    },
    get: async (id) => data.pools.get(id),
    async list(query) {
      const { workloadId } = query
      const rows = [...data.pools.values()].filter((pool) => workloadId === undefined || pool.workloadId === workloadId)
      return pageOf(rows, ({ id }) => [id], query)
    },
    async update(id, spec, options) {
      writer.checkFence(options)
      const old = data.pools.get(id)
      if (!old) return { outcome: 'missing' }
      const isStale = options.expectedRevision !== undefined && options.expectedRevision !== old.revision
      if (isStale || spec.workloadId !== old.workloadId || old.status.phase === 'draining')
        return { outcome: 'conflict', record: old }
      const record = put(old, { spec: structuredClone(spec), generation: old.generation + 1 })
      writer.emit(options.event)
      return { outcome: 'ok', record }
    },
    async setStatus(id, status, options) {
      writer.checkFence(options)
      const old = data.pools.get(id)
      if (!old) return { outcome: 'missing' }
      const { phase } = old.status
      if (phase !== status.phase && !canTransition(poolTransitions, phase, status.phase))
        return { outcome: 'conflict', record: old }
      const record = put(old, { status: structuredClone(status) })
      writer.emit(options.event)
      return { outcome: 'ok', record }
    },
    async remove(id, options) {
      writer.checkFence(options)
      const old = data.pools.get(id)
      if (!old) return { outcome: 'missing' }
      const held = data.containerIndex.count(liveContainerStates, id) + data.claimIndex.count(liveClaimStates, id)
      if (held > 0 || old.status.phase !== 'draining') return { outcome: 'conflict' }
      data.pools.delete(id)
      writer.emit(options.event)
      return { outcome: 'ok' }
    },
  }
}
