import { json, route } from '../route.ts'
import { readStats } from '../read-stats.ts'
import { Stats } from '../views.ts'

export const getStats = route(
  {
    operationId: 'getStats',
    method: 'GET',
    path: '/api/v1/stats',
    role: 'viewer',
    tag: 'Operations',
    summary: 'Count what there is',
    responses: { 200: { description: 'Figures of this moment.', schema: Stats } },
  },
  async (_input, deps) => json(200, await readStats(deps)),
)
