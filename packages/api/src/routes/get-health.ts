import { json, route, type Route } from '../route.ts'
import { Health } from '../views.ts'

const at = (operationId: string, path: string): Route =>
  route(
    {
      operationId,
      method: 'GET',
      path,
      role: 'open',
      tag: 'Operations',
      summary: 'Say whether the server and what it needs are well',
      description: 'Needs no key and tells no secret. 503 when the database does not answer.',
      responses: {
        200: { description: 'It serves; `status` may be `degraded`.', schema: Health },
        503: { description: 'It does not.', schema: Health },
      },
    },
    async (_input, { health }) => {
      const report = await health()
      return json(report.status === 'down' ? 503 : 200, report, report.status === 'down' ? { 'retry-after': '2' } : {})
    },
  )

export const getHealth = at('getHealth', '/health')
export const getApiHealth = at('getApiHealth', '/api/v1/health')
