import { Type } from '@sinclair/typebox'

import { json, route } from '../route.ts'
import { ImageView } from '../views.ts'

export const inspectImage = route(
  {
    operationId: 'inspectImage',
    method: 'GET',
    path: '/api/v1/images/inspect',
    role: 'viewer',
    tag: 'Workloads',
    summary: 'Say what an image of the host would run',
    query: Type.Object({ image: Type.String({ minLength: 1, maxLength: 512 }) }, { additionalProperties: false }),
    isLong: true,
    responses: { 200: { description: 'Its entrypoint, command, ports and user.', schema: ImageView } },
    faults: ['runtime.image_not_found', 'runtime.unavailable'],
  },
  async ({ query, context }, { runtime }) => {
    const { imageId, entrypoint, command, workingDir, environment, exposedPorts, user } = await runtime.inspectImage(
      query.image,
      context.signal,
    )
    // Values of an image's environment may be secrets that somebody baked in.
    return json(200, { imageId, entrypoint, command, workingDir, environmentNames: Object.keys(environment), exposedPorts, user })
  },
)
