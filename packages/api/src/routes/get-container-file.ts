import { Fault } from '@boilerhouse/base'
import { Type } from '@sinclair/typebox'

import { runningContainer } from '../auth/owned-container.ts'
import { limitStream } from '../line-stream.ts'
import { route } from '../route.ts'
import { IdParam } from '../views.ts'

export const FilePathQuery = Type.Object(
  { path: Type.String({ pattern: '^/', maxLength: 4096, description: 'Absolute, as seen from inside the container.' }) },
  { additionalProperties: false },
)

export const getContainerFile = route(
  {
    operationId: 'getContainerFile',
    method: 'GET',
    path: '/api/v1/containers/:id/files',
    role: 'tenant',
    tag: 'Containers',
    summary: 'Read a file, or a directory as tar',
    description: "As the container's user. A directory comes as `application/x-tar`.",
    params: IdParam,
    query: FilePathQuery,
    isSensitive: true,
    isLong: true,
    responses: { 200: { description: 'The bytes.', contentType: 'application/octet-stream' } },
    faults: [
      'container.not_found',
      'container.conflict',
      'container.file_not_found',
      'container.file_denied',
      'request.too_large',
      'runtime.unavailable',
    ],
  },
  async ({ params, query, principal, context }, { store, claims, runtime, limits }) => {
    const { id, claimId } = await runningContainer(store, principal, params.id)
    if (claimId !== undefined) claims.noteActivity(claimId)
    const { kind, sizeBytes, body } = await runtime.readFile(id, query.path, context.signal)
    const tooLarge = () => new Fault('request.too_large', `At most ${limits.fileBytes} bytes are read`)
    if (sizeBytes !== undefined && sizeBytes > limits.fileBytes) {
      await body.cancel()
      throw tooLarge()
    }
    const headers = {
      'content-type': kind === 'directory' ? 'application/x-tar' : 'application/octet-stream',
      'content-disposition': 'attachment',
      'x-content-type-options': 'nosniff',
      'cache-control': 'no-store',
      'x-boilerhouse-kind': kind,
    }
    return new Response(limitStream(body, limits.fileBytes, tooLarge), { headers })
  },
)
