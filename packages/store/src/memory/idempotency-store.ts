import type { Clock } from '@boilerhouse/base'

import { Sightings } from '../sightings.ts'
import type { IdempotencyStore } from '../store.ts'
import type { Writer } from './writer.ts'

export function createIdempotencyStore({ data, now }: Writer, clock: Clock): IdempotencyStore {
  const sightings = new Sightings(clock)
  const rows = data.idempotency
  const rowKey = (scope: string, key: string) => JSON.stringify([scope, key])
  const alive = () => ({ startedAt: now(), beat: crypto.randomUUID() })
  return {
    async begin(scope, key, bodyHash) {
      const row = rows.get(rowKey(scope, key))
      if (!row) {
        rows.set(rowKey(scope, key), { bodyHash, ...alive() })
        return { outcome: 'started' }
      }
      if (row.bodyHash !== bodyHash) return { outcome: 'mismatch' }
      return row.record ? { outcome: 'done', record: row.record } : { outcome: 'pending' }
    },
    async finish(scope, key, record) {
      const row = rows.get(rowKey(scope, key))
      if (row) rows.set(rowKey(scope, key), { ...row, record })
    },
    async abandon(scope, key) {
      if (!rows.get(rowKey(scope, key))?.record) rows.delete(rowKey(scope, key))
    },
    async renew(scope, key) {
      const row = rows.get(rowKey(scope, key))
      if (row && !row.record) rows.set(rowKey(scope, key), { ...row, ...alive() })
    },
    async takeOver(scope, key, silentMs) {
      const id = rowKey(scope, key)
      const row = rows.get(id)
      if (!row || row.record || sightings.stoodStillMs(id, row.beat) < silentMs) return false
      sightings.forget(id)
      rows.set(id, { ...row, ...alive() })
      return true
    },
    async prune(beforeMs) {
      const before = rows.size
      for (const [key, row] of rows) if (row.startedAt < beforeMs) rows.delete(key)
      return before - rows.size
    },
  }
}
