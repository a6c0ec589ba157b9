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
    async (_input, { metrics }) =>
      new Response(await metrics.render(), { headers: { 'content-type': metrics.contentType, 'cache-control': 'no-store' } }),
  )

export const getMetrics = at('getMetrics', '/metrics')
export const getApiMetrics = at('getApiMetrics', '/api/v1/metrics')
