import type { KeyId } from '@boilerhouse/base'
import type { KeyStore, Updated } from '@boilerhouse/store'
import type { KeyRecord } from '@boilerhouse/resources'

import type { Database } from './database.ts'
import { json, text } from './database.ts'
import { readPageCursor, toPage } from './page.ts'
import { toKey } from './rows.ts'
import { checkFence, fenced, logged } from './write.ts'

export function createKeyStore(db: Database): KeyStore {
  const { sql, projectId, clock, call, wakeups } = db
  const find = async (id: KeyId) => {
    const [row] = await sql`select * from keys where project_id = ${projectId} and id = ${id}`
    return row && toKey(row)
  }

  return {
    create: createKey(db),
    byHash: (hash) =>
      call('keys.by_hash', async () => {
        const [row] = await sql`select * from keys where project_id = ${projectId} and hash = ${hash}`
        return row && toKey(row)
      }),
    get: (id) => call('keys.get', () => find(id)),
    list: ({ limit, cursor }) =>
      call('keys.list', async () => {
        const [after = ''] = readPageCursor(cursor, 1)
        const rows = await sql`
          select * from keys where project_id = ${projectId} and id > ${after} order by id limit ${limit + 1}`
        return toPage(rows, limit, toKey, (row) => [row['id']])
      }),
    revoke: (id, options) =>
      call('keys.revoke', async (): Promise<Updated<KeyRecord>> => {
        const [revoked] = await sql`
          with revoked as (
            update keys set revoked_at = ${Math.floor(clock.nowMs())}
            where project_id = ${projectId} and id = ${id} and revoked_at is null and ${fenced(db, options.fence)}
            returning *
          ) ${logged(db, options.event, sql`revoked`)} select * from revoked`
        if (revoked) {
          if (options.event) wakeups.wrote()
          return { outcome: 'ok', record: toKey(revoked) }
        }
        await checkFence(db, options.fence)
        const record = await find(id)
        return record ? { outcome: 'conflict', record } : { outcome: 'missing' }
      }),
    markUsed: (ids) =>
      call('keys.mark_used', async () => {
        if (ids.size === 0) return
        const used = [...ids].map(([id, at]) => ({ id, at: Math.floor(at) }))
        await sql`
          update keys set last_used_at = greatest(last_used_at, used.at)
          from json_to_recordset(${json(sql, used)}::json) as used(id text, at bigint)
          where keys.project_id = ${projectId} and keys.id = used.id`
      }),
  }
}

function createKey(db: Database): KeyStore['create'] {
  const { sql, projectId, clock, call, wakeups } = db
  return (record, options) =>
    call('keys.create', async () => {
      const [made] = await sql`
        with made as (
          insert into keys (project_id, id, name, hash, role, tenant_id, pools, expires_at, requests_per_minute, created_at,
            revoked_at, last_used_at)
          select ${projectId}, ${record.id}, ${text(record.name)}, ${record.hash}, ${record.role}, ${record.tenantId ?? null},
            ${json(sql, record.pools)}::json, ${record.expiresAt ?? null}::bigint, ${record.requestsPerMinute ?? null}::int,
            ${Math.floor(clock.nowMs())}::bigint, ${record.revokedAt ?? null}::bigint, ${record.lastUsedAt ?? null}::bigint
          where ${fenced(db, options.fence)}
          returning *
        ) ${logged(db, options.event, sql`made`)} select * from made`
      if (!made) await checkFence(db, options.fence)
      if (options.event) wakeups.wrote()
      return toKey(made ?? {})
    })
}
