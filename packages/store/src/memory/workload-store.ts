import type { WorkloadStore } from '../store.ts'
import { pageOf } from './paging.ts'
import type { Writer } from './writer.ts'

const buildLogLimit = 1_048_576

export function createWorkloadStore(writer: Writer): WorkloadStore {
  const { data } = writer
  const inUse = (id: string) => [...data.pools.values()].some((pool) => pool.workloadId === id)
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
      writer.checkFence(options)
      const old = data.workloads.get(id)
      if (!old) return { outcome: 'missing' }
      if (options.expectedRevision !== undefined && options.expectedRevision !== old.revision)
        return { outcome: 'conflict', record: old }
      const record = {
        ...old,
        spec: structuredClone(spec),
        status: { state: 'creating' as const },
        generation: old.generation + 1,
        revision: old.revision + 1,
        updatedAt: writer.now(),
      }
      data.workloads.set(id, record)
      writer.emit(options.event)
      return { outcome: 'ok', record }
    },
    async setStatus(id, generation, status, options) {
      writer.checkFence(options)
      const old = data.workloads.get(id)
      if (!old) return { outcome: 'missing' }
      if (old.generation !== generation) return { outcome: 'conflict', record: old }
      const record = { ...old, status: { ...status }, revision: old.revision + 1, updatedAt: writer.now() }
      data.workloads.set(id, record)
      writer.emit(options.event)
      return { outcome: 'ok', record }
    },
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
    async appendBuildLog(id, text, { reset = false } = {}) {
      if (!data.workloads.has(id)) return
      const before = reset ? '' : (data.buildLogs.get(id) ?? '')
      data.buildLogs.set(id, (before + text).slice(-buildLogLimit))
    },
    buildLog: async (id) => data.buildLogs.get(id) ?? '',
  }
}
