import type { SeriesPoint, SeriesStore } from '@boilerhouse/store'

import type { Database } from './database.ts'
import { json } from './database.ts'

export function createSeriesStore({ sql, projectId, call }: Database): SeriesStore {
  return {
    /** One statement however many points; measurements may be lost by a crash, so its commit does not wait for the disk. */
    write: (stepMs, points) =>
      call('series.write', async () => {
        const rows = points
          .filter((point) => Number.isFinite(point.value))
          .map((point, n) => ({
            n,
            metric: point.metric,
            labels: point.labels,
            at_ms: Math.floor(point.atMs),
            value: point.value,
          }))
        if (rows.length === 0) return
        await sql`
          with durability as materialized (select set_config('synchronous_commit', 'off', true))
          insert into series (project_id, step_ms, metric, at_ms, labels, value)
          select distinct on (metric, at_ms, labels) ${projectId}, ${stepMs}::int, metric, at_ms, labels, value
          from durability, json_to_recordset(${json(sql, rows)}::json) as point(n int, metric text, labels jsonb, at_ms bigint, value float8)
          order by metric, at_ms, labels, n desc
          on conflict (project_id, step_ms, metric, at_ms, labels) do update set value = excluded.value`
      }),
    read: ({ metric, labels, fromMs, toMs, stepMs }) =>
      call('series.read', async () => {
        const rows = await sql`
          select at_ms, labels, value from series
          where project_id = ${projectId} and step_ms = ${stepMs} and metric = ${metric}
            and at_ms >= ${Math.floor(fromMs)} and at_ms < ${Math.ceil(toMs)} and labels @> ${json(sql, labels)}::json::jsonb
          order by at_ms, labels`
        return rows.map((row): SeriesPoint => ({ metric, labels: row['labels'], atMs: row['at_ms'], value: row['value'] }))
      }),
    prune: (stepMs, beforeMs) =>
      call('series.prune', async () => {
        const gone = await sql`
          delete from series where project_id = ${projectId} and step_ms = ${stepMs} and at_ms < ${Math.floor(beforeMs)}`
        return gone.count
      }),
  }
}
