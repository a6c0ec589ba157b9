import { isFault } from '@boilerhouse/base'
import { SecretValue } from '@boilerhouse/resources'
import { Type } from '@sinclair/typebox'

import { runningContainer } from '../auth/owned-container.ts'
import { json, route } from '../route.ts'
import { secretBytes } from '../secret-bytes.ts'
import { ExecAnswer, IdParam } from '../views.ts'

export const ExecRequest = Type.Object(
  {
    command: Type.Array(Type.String({ maxLength: 131_072 }), { minItems: 1, maxItems: 1024 }),
    timeoutMs: Type.Integer({ minimum: 1, maximum: 600_000, default: 30_000 }),
    stdin: Type.Optional(SecretValue),
    workingDir: Type.Optional(Type.String({ pattern: '^/', maxLength: 4096 })),
  },
  { additionalProperties: false },
)

export const execContainer = route(
  {
    operationId: 'execContainer',
    method: 'POST',
    path: '/api/v1/containers/:id/exec',
    role: 'tenant',
    tag: 'Containers',
    summary: 'Run a command in a container',
    description:
      "As the container's user. A command that is not there ends with 127, one that cannot be run with 126; stderr says why. Outputs that are not UTF-8 are shown with replacement characters; read such bytes as files.",
    params: IdParam,
    body: ExecRequest,
    isLong: true,
    responses: { 200: { description: 'It ended; whatever its exit code.', schema: ExecAnswer } },
    faults: [
      'container.not_found',
      'container.conflict',
      'container.exec_timeout',
      'runtime.container_gone',
      'runtime.unavailable',
    ],
  },
  async ({ params, body: { stdin, ...body }, principal, context }, { store, claims, runtime, clock, metrics, limits }) => {
    const { id, poolId, tenantId, claimId } = await runningContainer(store, principal, params.id)
    const startMs = clock.monotonicMs()
    if (claimId !== undefined) claims.noteActivity(claimId)
    const request = { ...body, maxOutputBytes: limits.execOutputBytes, ...(stdin !== undefined && { stdin: secretBytes(stdin) }) }
    const { exitCode, stdout, stderr, truncated } = await runtime.exec(id, request, context.signal).catch((error: unknown) => {
      metrics.count('exec_total', { outcome: isFault(error) ? error.code : 'server.internal' })
      throw error
    })
    metrics.count('exec_total', { outcome: 'ok' })
    if (claimId !== undefined) claims.noteActivity(claimId)
    // Never the command: people put secrets into arguments.
    await store.events.append({
      type: 'container.exec',
      actor: context.actor,
      subject: `container/${id}`,
      containerId: id,
      poolId,
      ...(tenantId !== undefined && { tenantId }),
      ...(claimId !== undefined && { claimId }),
      correlationId: context.correlationId,
      data: { exitCode, durationMs: Math.round(clock.monotonicMs() - startMs) },
    })
    const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes)
    return json(200, { exitCode, stdout: text(stdout), stderr: text(stderr), truncated })
  },
)
