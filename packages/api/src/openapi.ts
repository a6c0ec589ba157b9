import { faultRegistry, type FaultCode } from '@boilerhouse/base'
import { Problem } from '@boilerhouse/resources'
import type { TSchema } from '@sinclair/typebox'

import { schemaNames, toAnswerSchema, toInputSchema, type JsonSchema } from './openapi-schemas.ts'
import type { ResponseSpec, Route } from './route.ts'

export interface OpenApiDocument {
  readonly openapi: '3.1.0'
  readonly info: { readonly title: string; readonly version: string; readonly description: string }
  readonly tags: readonly { readonly name: string }[]
  readonly paths: Readonly<Record<string, Readonly<Record<string, OpenApiOperation>>>>
  readonly components: Readonly<Record<string, unknown>>
}

export interface OpenApiOperation {
  readonly operationId: string
  readonly tags: readonly string[]
  readonly summary: string
  readonly description?: string
  readonly security: readonly Readonly<Record<string, readonly string[]>>[]
  readonly parameters?: readonly OpenApiParameter[]
  readonly requestBody?: unknown
  readonly responses: Readonly<Record<string, { readonly description: string; readonly content?: unknown }>>
  /** Who may call it. */
  readonly 'x-role': string
  /** `admin` and so on aside, what it is not for viewers though it is a GET. */
  readonly 'x-sensitive'?: true
}

export interface OpenApiParameter {
  readonly name: string
  readonly in: 'path' | 'query' | 'header'
  readonly required: boolean
  readonly description?: string
  readonly schema: JsonSchema
}

/** The document that the route values say; `version` is that of the interface, not of the build. */
export function createOpenApi(routes: readonly Route[]): OpenApiDocument {
  const paths: Record<string, Record<string, OpenApiOperation>> = {}
  const used = new Map<string, JsonSchema>()
  for (const { spec } of routes) {
    const path = spec.path.replaceAll(/:(\w+)/g, '{$1}')
    paths[path] = { ...paths[path], [spec.method.toLowerCase()]: operationOf(spec, used) }
  }
  used.set('Problem', toAnswerSchema(Problem))
  return {
    openapi: '3.1.0',
    info: { title: 'Boilerhouse', version: '1', description: 'Warm pools of containers, handed to tenants the moment they ask.' },
    tags: [...new Set(routes.map(({ spec }) => spec.tag))].map((name) => ({ name })),
    paths,
    components: {
      securitySchemes: { key: { type: 'http', scheme: 'bearer', description: 'An API key.' } },
      schemas: Object.fromEntries([...used].sort(([a], [b]) => (a < b ? -1 : 1))),
    },
  }
}

type Spec = Route['spec']

function operationOf(spec: Spec, used: Map<string, JsonSchema>): OpenApiOperation {
  const parameters = [
    ...parametersOf(spec.params, 'path'),
    ...parametersOf(spec.query, 'query'),
    ...(spec.hasRevision
      ? [header('If-Match', 'The revision the change was made on; 412 where it is not the current one.')]
      : []),
    ...(spec.isIdempotent
      ? [header('Idempotency-Key', 'The same request under it within 24 hours is done once and answered alike.')]
      : []),
  ]
  return {
    operationId: spec.operationId,
    tags: [spec.tag],
    summary: spec.summary,
    ...(spec.description !== undefined && { description: spec.description }),
    security: spec.role === 'open' ? [] : [{ key: [] }],
    'x-role': spec.role,
    ...(spec.isSensitive && { 'x-sensitive': true as const }),
    ...(parameters.length > 0 && { parameters }),
    ...requestBodyOf(spec, used),
    responses: { ...answersOf(spec.responses, used), ...faultsOf(spec) },
  }
}

function parametersOf(schema: TSchema | undefined, place: 'path' | 'query'): readonly OpenApiParameter[] {
  const { properties = {}, required = [] } = schema ? toInputSchema(schema) : {}
  return Object.entries(properties).map(([name, { description, ...property }]) => ({
    name,
    in: place,
    required: place === 'path' || required.includes(name),
    ...(description !== undefined && { description }),
    schema: property,
  }))
}

const header = (name: string, description: string): OpenApiParameter => ({
  name,
  in: 'header',
  required: false,
  description,
  schema: { type: 'string' },
})

function requestBodyOf(spec: Spec, used: Map<string, JsonSchema>) {
  if (spec.isRawBody) {
    return {
      requestBody: { required: true, content: { 'application/octet-stream': { schema: { type: 'string', format: 'binary' } } } },
    }
  }
  if (!spec.body) return {}
  const schema = named(spec.body, toInputSchema, used)
  return { requestBody: { required: !spec.isBodyOptional, content: { 'application/json': { schema } } } }
}

function answersOf(responses: Readonly<Record<number, ResponseSpec>>, used: Map<string, JsonSchema>) {
  return Object.fromEntries(
    Object.entries(responses).map(([status, { description, schema, contentType }]) => {
      if (!schema && contentType === undefined) return [status, { description }]
      const shown = schema
        ? named(schema, toAnswerSchema, used)
        : { type: 'string', ...(contentType?.startsWith('text/') ? {} : { format: 'binary' }) }
      return [status, { description, content: { [contentType ?? 'application/json']: { schema: shown } } }]
    }),
  )
}

/** Schemas that have a name stand once, among the components. */
function named(schema: TSchema, shape: (schema: TSchema) => JsonSchema, used: Map<string, JsonSchema>): JsonSchema {
  const name = schemaNames.get(schema)
  if (name === undefined) return shape(schema)
  used.set(name, shape(schema))
  return { $ref: `#/components/schemas/${name}` }
}

/** Faults by status, each with its codes: those of every operation, and the operation's own. */
function faultsOf(spec: Spec) {
  const byStatus = new Map<number, FaultCode[]>()
  for (const code of new Set([...generalFaults(spec), ...(spec.faults ?? [])])) {
    const { status } = faultRegistry[code]
    byStatus.set(status, [...(byStatus.get(status) ?? []), code])
  }
  const content = { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } }
  return Object.fromEntries(
    [...byStatus]
      .filter(([status]) => !(status in spec.responses))
      .map(([status, codes]) => [String(status), { description: codes.map((code) => `\`${code}\``).join(', '), content }]),
  )
}

function generalFaults(spec: Spec): readonly FaultCode[] {
  return [
    ...(spec.role === 'open' ? [] : (['auth.required', 'auth.invalid', 'request.rate_limited'] as const)),
    ...(spec.role === 'admin' || spec.role === 'viewer' || spec.role === 'tenant' || spec.isStream
      ? (['auth.forbidden'] as const)
      : []),
    ...(spec.params?.['properties']?.tenantId || spec.isStream ? (['claim.not_found'] as const) : []),
    ...(spec.params || spec.query || spec.body ? (['request.malformed', 'request.invalid'] as const) : []),
    ...(spec.body ? (['request.too_large', 'request.media_type'] as const) : []),
    ...(spec.isRawBody ? (['request.too_large'] as const) : []),
    ...(spec.hasRevision ? (['request.revision_mismatch'] as const) : []),
    ...(spec.isIdempotent ? (['request.idempotency_mismatch', 'request.idempotency_pending'] as const) : []),
    'store.unavailable',
    'server.internal',
  ]
}
