import type { Store } from '@boilerhouse/store'

import { route, type Route } from '../route.ts'

const at = (operationId: string, path: string): Route =>
  route(
    {
      operationId,
      method: 'GET',
      path,
      role: 'viewer',
      tag: 'Operations',
      summary: 'Metrics for Prometheus',
      responses: { 200: { description: 'The text format.', contentType: 'text/plain; version=0.0.4; charset=utf-8' } },
    },
    async (_input, { metrics, store, log }) => {
      // Metrics are asked for most when something else does not answer.
      await metrics.keepPools(() => poolIds(store)).catch((error: unknown) => log.warn('metrics of pools not tidied', { error }))
      return new Response(await metrics.render(), {
        headers: { 'content-type': metrics.contentType, 'cache-control': 'no-store' },
      })
    },
  )

async function poolIds({ pools }: Store): Promise<ReadonlySet<string>> {
  const ids = new Set<string>()
  let cursor: string | undefined
  do {
    const page = await pools.list({ limit: 500, ...(cursor !== undefined && { cursor }) })
    for (const { id } of page.items) ids.add(id)
    cursor = page.nextCursor
  } while (cursor !== undefined)
  return ids
}

export const getMetrics = at('getMetrics', '/metrics')
export const getApiMetrics = at('getApiMetrics', '/api/v1/metrics')
