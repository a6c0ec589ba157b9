import { Type } from '@sinclair/typebox'

import { json, route } from '../route.ts'

export const getOpenapi = route(
  {
    operationId: 'getOpenapi',
    method: 'GET',
    path: '/openapi.json',
    role: 'open',
    tag: 'Operations',
    summary: 'This interface as OpenAPI 3.1',
    responses: {
      200: { description: 'The document.', schema: Type.Unsafe<object>({ type: 'object', additionalProperties: true }) },
    },
  },
  (_input, { openapi }) => json(200, openapi()),
)
