import type { KeyStore } from '../store.ts'
import { pageOf } from './paging.ts'
import { compareAndSet, type Writer } from './writer.ts'

export function createKeyStore(writer: Writer): KeyStore {
  const { data } = writer
  return {
    async create(input, options) {
      writer.checkFence(options)
      const record = { ...structuredClone(input), createdAt: writer.now() }
      data.keys.set(record.id, record)
      data.keysByHash.set(record.hash, record.id)
      writer.emit(options.event)
      return record
    },
    async byHash(hash) {
      const id = data.keysByHash.get(hash)
      return id === undefined ? undefined : data.keys.get(id)
    },
    get: async (id) => data.keys.get(id),
    list: async (query) => pageOf(data.keys.values(), ({ id }) => [id], query),
    revoke: async (id, options) =>
      compareAndSet(
        writer,
        options,
        data.keys.get(id),
        (old) => old.revokedAt === undefined,
        (old) => {
          const record = { ...old, revokedAt: writer.now() }
          data.keys.set(id, record)
          return record
        },
      ),
    async markUsed(ids) {
      for (const [id, lastUsedAt] of ids) {
        const old = data.keys.get(id)
        if (old) data.keys.set(id, { ...old, lastUsedAt })
      }
    },
  }
}
