import { dnsLabel, invalidRequest, rfc3339, tenantIdSchema } from '@boilerhouse/resources'
import { seriesMetrics, type SeriesMetric, type SeriesPoint } from '@boilerhouse/store'
import { Type } from '@sinclair/typebox'

import { toRfc3339 } from '../present-time.ts'
import { json, route } from '../route.ts'
import { Series } from '../views.ts'

const hourMs = 3_600_000
const steps = { '10s': 10_000, '1m': 60_000 } as const

export const getSeries = route(
  {
    operationId: 'getSeries',
    method: 'GET',
    path: '/api/v1/series',
    role: 'viewer',
    tag: 'Operations',
    summary: 'Figures over time',
    description: 'Points of 10 s are kept for an hour, points of a minute for 7 days.',
    query: Type.Object(
      {
        metric: Type.Unsafe<SeriesMetric>({ type: 'string', enum: [...seriesMetrics] }),
        pool: Type.Optional(dnsLabel()),
        container: Type.Optional(Type.String({ minLength: 1, maxLength: 256 })),
        tenant: Type.Optional(tenantIdSchema()),
        from: Type.Optional(rfc3339({ description: 'An hour ago, where not given.' })),
        to: Type.Optional(rfc3339({ description: 'Now, where not given.' })),
        step: Type.Optional(
          Type.Unsafe<'10s' | '1m'>({ type: 'string', enum: ['10s', '1m'], description: '10s up to an hour, else 1m.' }),
        ),
      },
      { additionalProperties: false },
    ),
    responses: { 200: { description: 'One item for each set of labels.', schema: Series } },
  },
  async ({ query: { metric, pool, container, tenant, from, to, step } }, { store, clock }) => {
    const toMs = to === undefined ? clock.nowMs() : Date.parse(to)
    const fromMs = from === undefined ? toMs - hourMs : Date.parse(from)
    if (!(fromMs <= toMs)) throw invalidRequest([{ pointer: '/query/from', detail: 'must not be after `to`' }])
    const stepMs = steps[step ?? (toMs - fromMs <= hourMs ? '10s' : '1m')]
    const labels = {
      ...(pool !== undefined && { poolId: pool }),
      ...(container !== undefined && { containerId: container }),
      ...(tenant !== undefined && { tenantId: tenant }),
    }
    const points = await store.series.read({ metric, labels, fromMs, toMs, stepMs })
    return json(200, { metric, stepMs, items: byLabels(points) })
  },
)

function byLabels(points: readonly SeriesPoint[]) {
  const groups = new Map<string, { labels: Record<string, string>; points: { at: string; value: number }[] }>()
  for (const { labels, atMs, value } of points) {
    const key = JSON.stringify(Object.entries(labels).sort())
    const group = groups.get(key) ?? { labels: { ...labels }, points: [] }
    groups.set(key, group)
    group.points.push({ at: toRfc3339(atMs), value })
  }
  return [...groups.values()]
}
