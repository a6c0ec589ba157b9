import { Fault } from '@boilerhouse/base'

import { runningContainer } from '../auth/owned-container.ts'
import { json, route } from '../route.ts'
import { FileWritten, IdParam } from '../views.ts'
import { FilePathQuery } from './get-container-file.ts'

export const putContainerFile = route(
  {
    operationId: 'putContainerFile',
    method: 'PUT',
    path: '/api/v1/containers/:id/files',
    role: 'tenant',
    tag: 'Containers',
    summary: 'Write a file, or a directory as tar',
    description:
      "As the container's user; the bytes are streamed. A body of type `application/x-tar` is unpacked into the directory at `path`, which is made where only it is missing.",
    params: IdParam,
    query: FilePathQuery,
    isRawBody: true,
    isLong: true,
    responses: { 200: { description: 'Written.', schema: FileWritten } },
    faults: [
      'container.not_found',
      'container.conflict',
      'container.file_not_found',
      'container.file_denied',
      'runtime.unavailable',
    ],
  },
  async ({ params, query: { path }, principal, context, request }, { store, claims, runtime, limits }) => {
    const declared = Number(request.headers.get('content-length') ?? 0)
    if (declared > limits.fileBytes) throw new Fault('request.too_large', `A file may have at most ${limits.fileBytes} bytes`)
    const { id, claimId } = await runningContainer(store, principal, params.id)
    if (claimId !== undefined) claims.noteActivity(claimId)
    const body = request.body ?? new Blob([]).stream()
    const isTar = request.headers.get('content-type')?.split(';')[0]?.trim().toLowerCase() === 'application/x-tar'
    const write = isTar ? runtime.writeDirectory : runtime.writeFile
    const { sizeBytes } = await write(id, path, body, limits.fileBytes, context.signal)
    return json(200, { path, sizeBytes })
  },
)
