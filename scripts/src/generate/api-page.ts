import { faultRegistry } from '../../../packages/base/mod.ts'
import { apiConventions } from './api-conventions.ts'
import { defaultOf, fieldsOf, kindOf, table, type FieldSchema } from './schema-fields.ts'

interface Content {
  readonly content?: Readonly<Record<string, { readonly schema: FieldSchema }>>
}

interface Operation {
  readonly operationId: string
  readonly tags: readonly string[]
  readonly summary: string
  readonly description?: string
  readonly 'x-role': string
  readonly 'x-sensitive'?: boolean
  readonly parameters?: readonly {
    readonly name: string
    readonly in: string
    readonly required: boolean
    readonly description?: string
    readonly schema: FieldSchema
  }[]
  readonly requestBody?: Content & { readonly required: boolean }
  readonly responses: Readonly<Record<string, Content & { readonly description: string }>>
}

interface Document {
  readonly tags: readonly { readonly name: string }[]
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components: { readonly schemas: Readonly<Record<string, FieldSchema>> }
}

/** `docs/api.md`, whole, from the OpenAPI document's text. */
export function renderApiPage(openApi: string): string {
  const document = JSON.parse(openApi) as Document // made by createOpenApi
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ method: method.toUpperCase(), path, operation })),
  )
  const groups = document.tags.map(({ name }) => {
    const own = operations.filter(({ operation }) => operation.tags[0] === name)
    return [`## ${name}`, ...own.map(renderOperation)].join('\n\n')
  })
  const index = operations.map(({ method, path, operation }) => [
    `[\`${operation.operationId}\`](#${operation.operationId.toLowerCase()})`,
    `\`${method} ${path}\``,
    roleOf(method, operation),
    operation.summary,
  ])
  return `${apiConventions}
## All operations

${table(['operation', 'route', 'who', 'what it does'], index)}

${groups.join('\n\n')}

## Shapes

Fields with a default may be left out of a request and are always in an answer.

${Object.entries(document.components.schemas).map(renderShape).join('\n\n')}
`
}

function renderOperation({ method, path, operation }: { method: string; path: string; operation: Operation }): string {
  const { parameters = [], requestBody } = operation
  return [
    `### ${operation.operationId}`,
    `\`${method} ${path}\` · ${roleOf(method, operation)}`,
    `${operation.summary}.${operation.description === undefined ? '' : ` ${operation.description}`}`,
    ...(parameters.length > 0 ? [parameterTable(parameters)] : []),
    ...(requestBody ? [`Body${requestBody.required ? '' : ' (may be left out)'}: ${contentOf(requestBody)}`] : []),
    table(
      ['status', 'answer'],
      Object.entries(operation.responses).map(([status, answer]) => [status, answerOf(answer)]),
    ),
  ].join('\n\n')
}

const parameterTable = (parameters: NonNullable<Operation['parameters']>): string =>
  table(
    ['parameter', 'in', 'kind', 'default', 'what it is'],
    parameters.map(({ name, in: place, required, description = '', schema }) => [
      `\`${name}\``,
      place,
      kindOf(schema, linkTo),
      required ? 'needed' : defaultOf(schema),
      description,
    ]),
  )

function roleOf(method: string, { 'x-role': role, 'x-sensitive': isSensitive }: Operation): string {
  if (role === 'open') return 'anybody, without a key'
  if (role === 'any') return 'any key, narrowed to what it may see'
  if (role === 'tenant') return `tenant, admin${method === 'GET' && !isSensitive ? ', viewer' : ''}`
  return role === 'viewer' ? 'viewer, admin' : role
}

function answerOf(answer: Operation['responses'][string]): string {
  const isFault = answer.content?.['application/problem+json'] !== undefined
  if (isFault)
    return answer.description.replaceAll(/`([^`]+)`/g, (_, code: string) =>
      code in faultRegistry ? `[\`${code}\`](errors/${code}.md)` : `\`${code}\``,
    )
  return `${answer.description}${answer.content ? ` ${contentOf(answer)}` : ''}`
}

const contentOf = ({ content = {} }: Content): string =>
  Object.entries(content)
    .map(([type, { schema }]) => (schema.$ref === undefined ? `\`${type}\`${inlineOf(schema)}` : kindOf(schema, linkTo)))
    .join(', ')

/** A small shape without a name, in one line. */
const inlineOf = (schema: FieldSchema): string =>
  schema.properties
    ? ` { ${fieldsOf(schema)
        .map(({ path, isRequired }) => `${path}${isRequired ? '' : '?'}`)
        .join(', ')} }`
    : ''

function renderShape([name, schema]: readonly [string, FieldSchema]): string {
  const rows = fieldsOf(schema).map(({ path, schema: field, isRequired }) => [
    `\`${path}\``,
    kindOf(field, linkTo),
    isRequired ? 'always' : defaultOf(field) || 'may be absent',
    field.description ?? '',
  ])
  const about = schema.description === undefined ? [] : [schema.description]
  return [
    `### ${name}`,
    ...about,
    rows.length > 0 ? table(['field', 'kind', 'default', 'what it is'], rows) : 'Any object.',
  ].join('\n\n')
}

const linkTo = (name: string): string => `[${name}](#${name.toLowerCase()})`
