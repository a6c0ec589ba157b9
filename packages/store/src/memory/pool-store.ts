import type { WorkloadId } from '@boilerhouse/base'
import { canTransition, liveClaimStates, liveContainerStates, poolTransitions, type PoolRecord } from '@boilerhouse/resources'

import type { PoolStore } from '../store.ts'
import { pageOf } from './paging.ts'
import { compareAndSet, type Writer } from './writer.ts'

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
      const isExpected = (old: PoolRecord) =>
        old.revision === (options.expectedRevision ?? old.revision) &&
        old.workloadId === spec.workloadId &&
        old.status.phase !== 'draining'
      return compareAndSet(writer, options, data.pools.get(id), isExpected, (old) =>
        put(old, { spec: structuredClone(spec), generation: old.generation + 1 }),
      )
    },
    async setStatus(id, status, options) {
      const leadsTo = ({ status: { phase } }: PoolRecord) =>
        phase === status.phase || canTransition(poolTransitions, phase, status.phase)
      return compareAndSet(writer, options, data.pools.get(id), leadsTo, (old) => put(old, { status: structuredClone(status) }))
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
