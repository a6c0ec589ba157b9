import type { WorkloadRecord } from '@boilerhouse/resources'

import type { WorkloadStore } from '../store.ts'
import { createBuildLogs } from './build-logs.ts'
import { pageOf } from './paging.ts'
import { compareAndSet, type Writer } from './writer.ts'

export function createWorkloadStore(writer: Writer): WorkloadStore {
  const { data } = writer
  const inUse = (id: string) => [...data.pools.values()].some((pool) => pool.workloadId === id)
  const put = (old: WorkloadRecord, changes: Partial<WorkloadRecord>): WorkloadRecord => {
    const record = { ...old, ...changes, revision: old.revision + 1, updatedAt: writer.now() }
    data.workloads.set(old.id, record)
    return record
  }
  return {
    async create({ id, spec }, options) {
      writer.checkFence(options)
      if (data.workloads.has(id)) return { outcome: 'exists' }
      const now = writer.now()
      const record = {
        id,
        spec: structuredClone(spec),
        status: { state: 'creating' as const },
        generation: 1,
        revision: 1,
        createdAt: now,
        updatedAt: now,
      }
      data.workloads.set(id, record)
      writer.emit(options.event)
      return { outcome: 'ok', record }
    },
    get: async (id) => data.workloads.get(id),
    list: async (query) => pageOf(data.workloads.values(), ({ id }) => [id], query),
    async update(id, spec, options) {
      const isExpected = (old: WorkloadRecord) => old.revision === (options.expectedRevision ?? old.revision)
      return compareAndSet(writer, options, data.workloads.get(id), isExpected, (old) =>
        put(old, { spec: structuredClone(spec), status: { state: 'creating' }, generation: old.generation + 1 }),
      )
    },
    setStatus: async (id, generation, status, options) =>
      compareAndSet(
        writer,
        options,
        data.workloads.get(id),
        (old) => old.generation === generation,
        (old) => put(old, { status: { ...status } }),
      ),
    async delete(id, options) {
      writer.checkFence(options)
      const old = data.workloads.get(id)
      if (!old) return { outcome: 'missing' }
      if (options.expectedRevision !== undefined && options.expectedRevision !== old.revision) return { outcome: 'conflict' }
      if (inUse(id)) return { outcome: 'in_use' }
      data.workloads.delete(id)
      data.buildLogs.delete(id)
      writer.emit(options.event)
      return { outcome: 'ok' }
    },
    ...createBuildLogs(data),
  }
}
