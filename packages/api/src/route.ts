import type { FaultCode } from '@boilerhouse/base'
import type { RequestContext } from '@boilerhouse/claims'
import type { Principal } from '@boilerhouse/resources'
import type { Static, TSchema } from '@sinclair/typebox'

import type { RouteDeps } from './deps.ts'

export type Method = 'GET' | 'POST' | 'PUT' | 'DELETE'

/**
 * Who may call an operation (design §7):
 * - `open`: anybody, without a key
 * - `admin`
 * - `viewer`: viewers and admins
 * - `tenant`: admins; a tenant's key below its own `/tenants/:tenantId` (another's is 404) or, without that parameter, where the
 *   handler narrows to what is the tenant's; viewers where the method is GET and the operation is not `isSensitive`
 * - `any`: whoever has a key; what is shown is narrowed to what the key may see
 */
export type Access = 'open' | 'any' | 'admin' | 'viewer' | 'tenant'

export interface ResponseSpec {
  readonly description: string
  readonly schema?: TSchema
  /** `application/json` where there is a schema and this is not given. */
  readonly contentType?: string
}

export interface RouteSpec<Params extends TSchema, Query extends TSchema, Body extends TSchema> {
  readonly operationId: string
  readonly method: Method
  readonly path: string
  readonly role: Access
  readonly tag: string
  readonly summary: string
  readonly description?: string
  readonly params?: Params
  readonly query?: Query
  readonly body?: Body
  /** A body may be left out; it is then `{}`. */
  readonly isBodyOptional?: boolean
  /** The body is bytes that the handler reads as a stream. */
  readonly isRawBody?: boolean
  /** Not for viewers although it is a GET. */
  readonly isSensitive?: boolean
  /** May take longer than the server's idle timeout: waits, or streams. */
  readonly isLong?: boolean
  /** Made ready before the first request. */
  readonly isHot?: boolean
  /** Opened by browsers: a ticket or a WebSocket subprotocol may stand for the key, and foreign origins are refused. */
  readonly isStream?: boolean
  /** Takes `If-Match`. */
  readonly hasRevision?: boolean
  /** Takes `Idempotency-Key`. */
  readonly isIdempotent?: boolean
  readonly responses: Readonly<Record<number, ResponseSpec>>
  /** Besides those that every operation may answer. */
  readonly faults?: readonly FaultCode[]
}

export interface RouteInput<Params, Query, Body> {
  readonly params: Params
  readonly query: Query
  readonly body: Body
  readonly principal: Principal
  readonly context: RequestContext
  readonly request: Request
  /** The revision that `If-Match` names. */
  readonly ifMatch?: number
  /** Turns the request into a WebSocket; its answer is then ignored. */
  readonly upgrade: (headers: Readonly<Record<string, string>>, handlers: SocketHandlers) => void
}

/** One WebSocket's callbacks. */
export interface SocketHandlers {
  readonly open: (socket: Bun.ServerWebSocket<unknown>) => void
  readonly message: (socket: Bun.ServerWebSocket<unknown>, message: string | Buffer) => void
  readonly drain: (socket: Bun.ServerWebSocket<unknown>) => void
  readonly close: (socket: Bun.ServerWebSocket<unknown>, code: number, reason: string) => void
}

/** A JSON answer; a `Response` is for streams and other content. */
export interface JsonAnswer {
  readonly status: number
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
  /** Phases for `Server-Timing`, ms. */
  readonly timings?: Readonly<Record<string, number>>
}

export type Answer = JsonAnswer | Response

export interface Route {
  readonly spec: RouteSpec<TSchema, TSchema, TSchema>
  readonly handler: (input: RouteInput<never, never, never>, deps: RouteDeps) => Promise<Answer> | Answer
}

/** One operation as a value: the server, the OpenAPI document and the tests read the same one. */
export function route<Params extends TSchema, Query extends TSchema, Body extends TSchema>(
  spec: RouteSpec<Params, Query, Body>,
  handler: (input: RouteInput<Static<Params>, Static<Query>, Static<Body>>, deps: RouteDeps) => Promise<Answer> | Answer,
): Route {
  return { spec, handler }
}

export const json = (status: number, body: unknown, headers?: Readonly<Record<string, string>>): JsonAnswer => ({
  status,
  body,
  ...(headers && { headers }),
})

/** With the revision as its `ETag`. */
export const withRevision = (
  status: number,
  body: { readonly revision: number },
  headers?: Readonly<Record<string, string>>,
): JsonAnswer => json(status, body, { etag: `"${body.revision}"`, ...headers })

export const noContent: JsonAnswer = { status: 204 }
