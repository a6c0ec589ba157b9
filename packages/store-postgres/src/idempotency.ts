import { Sightings, type IdempotencyStore } from '@boilerhouse/store'

import type { Database } from './database.ts'
import { text } from './database.ts'

export function createIdempotencyStore({ sql, projectId, clock, call }: Database): IdempotencyStore {
  const sightings = new Sightings(clock)
  return {
    begin: (scope, key, bodyHash) =>
      call('idempotency.begin', async () => {
        for (;;) {
          const started = await sql`
            insert into idempotency_keys (project_id, scope, key, body_hash, began_at)
            values (${projectId}, ${scope}, ${key}, ${bodyHash}, ${Math.floor(clock.nowMs())})
            on conflict do nothing returning 1`
          if (started.length > 0) return { outcome: 'started' }
          const [row] = await sql`
            select body_hash, status, body from idempotency_keys where project_id = ${projectId} and scope = ${scope} and key = ${key}`
          if (!row) continue // abandoned this moment
          if (row['body_hash'] !== bodyHash) return { outcome: 'mismatch' }
          if (row['status'] === null) return { outcome: 'pending' }
          return { outcome: 'done', record: { status: row['status'], body: row['body'] } }
        }
      }),
    finish: (scope, key, { status, body }) =>
      call('idempotency.finish', async () => {
        await sql`update idempotency_keys set status = ${status}, body = ${text(body)}
          where project_id = ${projectId} and scope = ${scope} and key = ${key}`
      }),
    abandon: (scope, key) =>
      call('idempotency.abandon', async () => {
        await sql`delete from idempotency_keys
          where project_id = ${projectId} and scope = ${scope} and key = ${key} and status is null`
      }),
    renew: (scope, key) =>
      call('idempotency.renew', async () => {
        await sql`update idempotency_keys set began_at = ${Math.floor(clock.nowMs())}, beat = gen_random_uuid()
          where project_id = ${projectId} and scope = ${scope} and key = ${key} and status is null`
      }),
    takeOver: (scope, key, silentMs) =>
      call('idempotency.take_over', async () => {
        const [row] = await sql`
          select beat from idempotency_keys where project_id = ${projectId} and scope = ${scope} and key = ${key} and status is null`
        const id = JSON.stringify([scope, key])
        if (!row || sightings.stoodStillMs(id, row['beat']) < silentMs) return false
        sightings.forget(id)
        const taken = await sql`update idempotency_keys set began_at = ${Math.floor(clock.nowMs())}, beat = gen_random_uuid()
          where project_id = ${projectId} and scope = ${scope} and key = ${key} and status is null and beat = ${row['beat']}`
        return taken.count > 0
      }),
    prune: (beforeMs) =>
      call('idempotency.prune', async () => {
        const gone =
          await sql`delete from idempotency_keys where project_id = ${projectId} and began_at < ${Math.floor(beforeMs)}`
        return gone.count
      }),
  }
}
