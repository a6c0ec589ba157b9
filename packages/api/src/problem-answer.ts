import { Fault, faultRegistry, InvariantError, isFault, type Logger } from '@boilerhouse/base'
import type { Problem } from '@boilerhouse/resources'

/** What a failed request is answered with. Only Faults tell what went wrong; anything else is `server.internal`, logged with its cause. */
export function toProblem(error: unknown, correlationId: string): { problem: Problem; retryAfterMs?: number } {
  const fault = isFault(error)
    ? error
    : new Fault('server.internal', 'The server could not answer this request', { cause: error })
  const { title } = faultRegistry[fault.code]
  const problem: Problem = {
    ...fault.extra,
    type: `/docs/errors/${fault.code}`,
    title,
    status: fault.status,
    detail: fault.message,
    code: fault.code,
    remedy: fault.remedy,
    correlationId,
    ...(fault.errors && { errors: [...fault.errors] }),
  }
  const retryAfterMs = fault.retryAfterMs ?? (fault.status === 429 || fault.status === 503 ? 1000 : undefined)
  return { problem, ...(retryAfterMs !== undefined && { retryAfterMs }) }
}

export function problemAnswer(error: unknown, correlationId: string, headers: Readonly<Record<string, string>> = {}): Response {
  const { problem, retryAfterMs } = toProblem(error, correlationId)
  return new Response(JSON.stringify(problem), {
    status: problem.status,
    headers: {
      'content-type': 'application/problem+json',
      'cache-control': 'no-store',
      'x-correlation-id': correlationId,
      ...(retryAfterMs !== undefined && { 'retry-after': String(Math.max(1, Math.ceil(retryAfterMs / 1000))) }),
      ...(problem.status === 401 && { 'www-authenticate': 'Bearer realm="boilerhouse"' }),
      ...headers,
    },
  })
}

/** Callers' mistakes are not news; what broke inside is. */
export function logFailure(log: Logger, error: unknown, fields: Readonly<Record<string, unknown>>): void {
  if (!isFault(error) || error instanceof InvariantError) log.error('request failed', { ...fields, error })
  else if (error.status >= 500)
    log.warn('request refused', { ...fields, code: error.code, detail: error.message, error: error.cause })
  else log.debug('request refused', { ...fields, code: error.code, detail: error.message })
}
