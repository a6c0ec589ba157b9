import { json, route } from '../route.ts'
import { Settings } from '../views.ts'

export const getSettings = route(
  {
    operationId: 'getSettings',
    method: 'GET',
    path: '/api/v1/settings',
    role: 'viewer',
    tag: 'Operations',
    summary: 'Show each setting, its value and its source',
    description: 'Secrets are redacted.',
    responses: { 200: { description: 'The settings.', schema: Settings } },
  },
  (_input, { settings }) => json(200, { items: settings() }),
)
