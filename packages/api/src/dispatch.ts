import { Fault } from '@boilerhouse/base'
import type { RequestContext } from '@boilerhouse/claims'
import { createQueryValidator, createValidator, type Principal, type Validator } from '@boilerhouse/resources'

import type { TSchema } from '@sinclair/typebox'

import { authorize } from './auth/authorize.ts'
import { checkOrigin, keyOf, streamCredentials } from './auth/request-credentials.ts'
import { endWith, type OpenCall } from './calls-per-key.ts'
import type { RouteDeps } from './deps.ts'
import type { Idempotency, TextAnswer } from './idempotency.ts'
import { readIfMatch } from './if-match.ts'
import { readJson } from './read-body.ts'
import { readQuery, splitLists } from './read-query.ts'
import type { Answer, JsonAnswer, Route, RouteInput, SocketHandlers } from './route.ts'

/** What one request brings along. */
export interface Arrival {
  readonly request: Request
  /** As the router found them; null where an escape could not be read. */
  readonly params: Readonly<Record<string, string | null>>
  readonly correlationId: string
  /** Aborts when the server gives up its last requests. */
  readonly stopping: AbortSignal
  readonly upgrade: (headers: Readonly<Record<string, string>>, handlers: SocketHandlers) => void
}

export type Dispatch = (arrival: Arrival) => Promise<Response>

const anonymous: Principal = { kind: 'service', id: 'anonymous', role: 'tenant', projectId: 'default' }

/** One operation from request to answer: who, what, then the handler. Faults go through to the one error handler. */
export function createDispatch({ spec, handler }: Route, deps: RouteDeps, idempotency: Idempotency): Dispatch {
  const params = spec.params && createValidator(spec.params)
  const query = spec.query && createQueryValidator(spec.query)
  const body = spec.body && createValidator(spec.body)
  const listNames = listsOf(spec.query)
  // Compiling takes about 10 ms, which the first claim shall not wait for.
  if (spec.isHot) for (const validator of [params, body]) validator?.faults({})
  const { clock } = deps
  const isRead = spec.method === 'GET' || spec.isRawBody === true

  return async ({ request, params: rawParams, correlationId, stopping, upgrade }) => {
    const arrivedMs = clock.monotonicMs()
    const found = spec.role === 'open' ? anonymous : identify(request, spec.isStream === true, deps)
    const principal = found instanceof Promise ? await found : found
    authorize(spec, principal, rawParams)
    if (Object.values(rawParams).includes(null))
      throw new Fault('request.malformed', 'The path holds an escape that is not UTF-8')
    const checkedParams = params ? params.parse(rawParams, '/params') : rawParams
    const checkedQuery = query ? query.parse(splitLists(readQuery(request.url), listNames), '/query') : {}
    const authorizedMs = clock.monotonicMs()
    const rawBody = body ? await readJson(request, deps.limits.jsonBodyBytes) : undefined
    const readMs = clock.monotonicMs()
    const checkedBody = body ? checkBody(body, rawBody, spec.isBodyOptional === true) : undefined
    const ifMatch = spec.hasRevision ? readIfMatch(request.headers) : undefined
    const long = spec.isLong && !spec.isStream ? deps.longCalls.begin(principal) : undefined
    const context: RequestContext = {
      actor: `key:${principal.id}`,
      correlationId,
      // A caller that hangs up ends what it reads; what it asked to be done is done, so that a repetition finds it.
      signal: isRead ? AbortSignal.any([request.signal, stopping, ...(long ? [long.signal] : [])]) : stopping,
    }
    const input = { params: checkedParams, query: checkedQuery, body: checkedBody, principal, context, request, upgrade, ifMatch }
    const validatedMs = clock.monotonicMs()
    const run = () => handler(input as RouteInput<never, never, never>, deps) // each part was checked by the route's own schema
    const finish = (answer: JsonAnswer) =>
      toText(answer, () => ({ auth: authorizedMs - arrivedMs, validate: validatedMs - readMs, total: elapsed() }))
    const elapsed = () => authorizedMs - arrivedMs + (clock.monotonicMs() - readMs)

    const key = spec.isIdempotent ? request.headers.get('idempotency-key') : null
    if (key !== null) {
      const scope = `${principal.id} ${spec.method} ${new URL(request.url).pathname}`
      const once = () => idempotency.once(scope, key, checkedBody, async () => finish(asJson(await run())))
      return endingWith(long, async () => toResponse(await once()))
    }
    return endingWith(long, () => {
      const ran = run()
      const toAnswer = (answer: Answer) => (answer instanceof Response ? answer : toResponse(finish(answer)))
      return ran instanceof Promise ? ran.then(toAnswer) : toAnswer(ran)
    })
  }
}

/** A call that is counted ends with its answer; one that streams, when its last byte went out. */
async function endingWith(call: OpenCall | undefined, toAnswer: () => Promise<Response> | Response): Promise<Response> {
  if (!call) return toAnswer()
  try {
    const answer = await toAnswer()
    if (!answer.headers.has('server-timing')) return endWith(answer, call)
    call.end()
    return answer
  } catch (error) {
    call.end()
    throw error
  }
}

function identify(request: Request, isStream: boolean, deps: RouteDeps): Principal | Promise<Principal> {
  const key = keyOf(request.headers)
  if (!isStream) return deps.auth.authenticate(key)
  checkOrigin(request.headers, deps.allowedOrigins ?? [])
  const offered = streamCredentials(request.headers)
  const ticket = offered.ticket ?? readQuery(request.url)['ticket']
  if (key === undefined && typeof ticket === 'string') return byTicket(ticket, deps)
  return deps.auth.authenticate(key ?? offered.key)
}

async function byTicket(ticket: string, { tickets, auth }: RouteDeps): Promise<Principal> {
  const { keyId } = await tickets.redeem(ticket, 'events')
  const principal = await auth.principalOf(keyId)
  if (!principal) throw new Fault('auth.invalid', 'The key behind the ticket is no longer valid')
  return principal
}

/** The names of the query's parameters that are lists. */
const listsOf = (query: TSchema | undefined): readonly string[] =>
  Object.entries((query?.['properties'] ?? {}) as Record<string, TSchema>).flatMap(([name, { type }]) =>
    type === 'array' ? [name] : [],
  )

function checkBody(body: Validator<unknown>, raw: unknown, isOptional: boolean): unknown {
  if (raw === undefined && !isOptional) throw new Fault('request.malformed', 'The request has no body')
  return body.parse(raw ?? {})
}

function asJson(answer: JsonAnswer | Response): JsonAnswer {
  if (answer instanceof Response) throw new Fault('server.internal', 'A streamed answer cannot be repeated')
  return answer
}

/** The body is made before the time is taken: `total` is up to the moment the answer is handed over. */
function toText(answer: JsonAnswer, measure: () => Readonly<Record<string, number>>): TextAnswer {
  const body = answer.body === undefined ? '' : JSON.stringify(answer.body)
  const { total: inside, ...phases } = answer.timings ?? {}
  const all = { ...phases, ...(inside !== undefined && { handler: inside }), ...measure() }
  const timing = Object.entries(all).map(([name, ms]) => `${name};dur=${Math.max(0, ms).toFixed(3)}`)
  return { status: answer.status, body, headers: { ...answer.headers, 'server-timing': timing.join(', ') } }
}

function toResponse({ status, body, headers }: TextAnswer): Response {
  const isEmpty = body === ''
  return new Response(isEmpty ? null : body, {
    status,
    headers: { 'cache-control': 'no-store', ...(!isEmpty && { 'content-type': 'application/json' }), ...headers },
  })
}
