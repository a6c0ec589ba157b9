import { engineSocket } from '../bootstrap/engine-answer.ts'
import { SetUpFailure } from '../bootstrap/set-up-failure.ts'

export interface EngineCall {
  readonly method?: string
  readonly body?: string | ReadableStream<Uint8Array>
  readonly contentType?: string
  /** The call is ended after this. */
  readonly timeoutMs?: number
}

/** One call of the engine's API on its socket; the answer's status is the caller's to judge. */
export async function engineCall(
  path: string,
  { method = 'GET', body, contentType, timeoutMs = 60_000 }: EngineCall = {},
): Promise<Response> {
  const unix = engineSocket(process.env['DOCKER_HOST'])
  if (unix === undefined) throw new SetUpFailure('DOCKER_HOST leads to another machine', "Run this on the engine's own host.")
  return fetch(`http://engine${path}`, {
    unix,
    method,
    signal: AbortSignal.timeout(timeoutMs),
    ...(body === undefined ? {} : { body, headers: { 'content-type': contentType ?? 'application/json' } }),
  })
}
