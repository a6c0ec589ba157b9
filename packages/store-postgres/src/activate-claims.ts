import type { ClaimId } from '@boilerhouse/base'
import type { EventInput } from '@boilerhouse/resources'
import type { ActiveMark, ClaimStore } from '@boilerhouse/store'

import { text, type Database } from './database.ts'
import type { HotSessions } from './hot-sessions.ts'

/**
 * Many claims and their events as one statement, whose commit does not wait for the disk: under load most of its cost is the statement's, not the row's.
 * In the order of the ids, so that two processes that mark the same claims do not wait for each other.
 */
const statement = `
  with marks as materialized (
    select * from json_to_recordset($1::text::json) as marks(mark text, type text, actor text, subject text, tenant_id text,
      pool_id text, container_id text, revision int, correlation_id text, data json)
  ), moved as (
    update claims set state = 'active', reason = null, updated_at = $2
    from marks
    where claims.project_id = $3 and claims.id = marks.mark and claims.state in ('pending', 'restoring', 'recovering')
    returning claims.id
  ), logged as (
    insert into events (project_id, type, version, time_ms, actor, subject, tenant_id, pool_id, container_id, claim_id, revision,
      correlation_id, data)
    select $3, type, 1, $2, actor, subject, tenant_id, pool_id, container_id, mark, revision, correlation_id, data
    from marks join moved on moved.id = marks.mark
  )
  select id, set_config('synchronous_commit', 'off', true) from moved`

export function activateClaims({ projectId, clock, call, wakeups }: Database, hot: HotSessions): ClaimStore['activate'] {
  return (marks) =>
    call('claims.activate', async () => {
      if (marks.length === 0) return new Set()
      const rows = await hot.run(statement, [
        JSON.stringify(marks.map(columnsOf).toSorted(byClaim)),
        Math.floor(clock.nowMs()),
        projectId,
      ])
      if (rows.length > 0) wakeups.wroteOnPath()
      return new Set(rows.map((row) => row['id'] as ClaimId))
    })
}

const columnsOf = ({ claimId, event }: ActiveMark) => ({ mark: claimId, ...eventColumns(event) })

const eventColumns = (event: EventInput) => ({
  type: event.type,
  actor: text(event.actor),
  subject: text(event.subject),
  tenant_id: event.tenantId,
  pool_id: event.poolId,
  container_id: event.containerId,
  revision: event.revision,
  correlation_id: text(event.correlationId),
  data: event.data ?? {},
})

const byClaim = (a: { readonly mark: string }, b: { readonly mark: string }): number => (a.mark < b.mark ? -1 : 1)
