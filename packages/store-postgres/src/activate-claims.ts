import type { ClaimId } from '@boilerhouse/base'
import type { EventInput } from '@boilerhouse/resources'
import type { ActiveMark, ClaimStore } from '@boilerhouse/store'

import { json, text, type Database } from './database.ts'

/**
 * Many claims and their events as one statement, whose commit does not wait for the disk: under load most of its cost is the statement's, not the row's.
 * In the order of the ids, so that two processes that mark the same claims do not wait for each other.
 */
export function activateClaims({ sql, projectId, clock, call, wakeups }: Database): ClaimStore['activate'] {
  return (marks) =>
    call('claims.activate', async () => {
      if (marks.length === 0) return new Set()
      const nowMs = Math.floor(clock.nowMs())
      const rows = await sql`
        with marks as materialized (
          select * from json_to_recordset(${json(sql, marks.map(columnsOf).toSorted(byClaim))}::json) as marks(mark text, type text,
            actor text, subject text, tenant_id text, pool_id text, container_id text, revision int, correlation_id text, data json)
        ), moved as (
          update claims set state = 'active', reason = null, updated_at = ${nowMs}
          from marks
          where claims.project_id = ${projectId} and claims.id = marks.mark and claims.state = any(${delivered}::text[])
          returning claims.id
        ), logged as (
          insert into events (project_id, type, version, time_ms, actor, subject, tenant_id, pool_id, container_id, claim_id, revision,
            correlation_id, data)
          select ${projectId}::text, type, 1, ${nowMs}::bigint, actor, subject, tenant_id, pool_id, container_id, mark, revision,
            correlation_id, data
          from marks join moved on moved.id = marks.mark
        )
        select id, set_config('synchronous_commit', 'off', true) from moved`
      if (rows.length > 0) wakeups.wroteOnPath()
      return new Set(rows.map((row) => row['id'] as ClaimId))
    })
}

const delivered = ['pending', 'restoring', 'recovering']

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
