/** A JSON Schema as documents are made from it. */
export interface FieldSchema {
  readonly type?: string | readonly string[]
  readonly properties?: Readonly<Record<string, FieldSchema>>
  readonly required?: readonly string[]
  readonly items?: FieldSchema
  readonly anyOf?: readonly FieldSchema[]
  readonly additionalProperties?: boolean | FieldSchema
  readonly patternProperties?: Readonly<Record<string, FieldSchema>>
  readonly $ref?: string
  readonly enum?: readonly unknown[]
  readonly default?: unknown
  readonly description?: string
  readonly format?: string
  readonly minimum?: number
  readonly maximum?: number
}

export interface Field {
  /** `ports[].name` */
  readonly path: string
  readonly schema: FieldSchema
  readonly isRequired: boolean
}

/** Every field of an object, those of nested objects and lists after it, in the schema's order. */
export function fieldsOf({ properties = {}, required = [] }: FieldSchema, prefix = ''): readonly Field[] {
  return Object.entries(properties).flatMap(([name, schema]) => {
    const path = `${prefix}${name}`
    const item = schema.items
    return [
      { path, schema, isRequired: required.includes(name) && schema.default === undefined },
      ...(schema.properties ? fieldsOf(schema, `${path}.`) : []),
      ...(item?.properties ? fieldsOf(item, `${path}[].`) : []),
    ]
  })
}

/** In words: `1 to 65535`, `` `http`, `tcp` ``, `list of text`. `linkOf` turns a reference into a link. */
export function kindOf(schema: FieldSchema, linkOf: (name: string) => string = (name) => name): string {
  const inner = (one: FieldSchema) => kindOf(one, linkOf)
  if (schema.$ref !== undefined) return linkOf(schema.$ref.replace(/^.*\//, ''))
  if (schema.enum) return schema.enum.map((value) => `\`${String(value)}\``).join(', ')
  if (schema.anyOf) return schema.anyOf.map(inner).join(' or ')
  if (Array.isArray(schema.type)) return schema.type.map((type: string) => inner({ type })).join(' or ')
  if (schema.type === 'array') return schema.items?.properties ? 'list of objects' : `list of ${inner(schema.items ?? {})}`
  if (schema.type === 'object') return objectKind(schema, inner)
  if (schema.type === 'integer' || schema.type === 'number') return numberKind(schema)
  return plainKinds[String(schema.type)] ?? (schema.format === 'date-time' ? 'RFC 3339 time' : 'any')
}

const plainKinds: Readonly<Record<string, string>> = { string: 'text', boolean: '`true` or `false`', null: 'null' }

function objectKind({ patternProperties, additionalProperties, properties }: FieldSchema, inner: (one: FieldSchema) => string) {
  if (properties) return 'object'
  const value =
    Object.values(patternProperties ?? {})[0] ?? (typeof additionalProperties === 'object' ? additionalProperties : {})
  return value.type === undefined && !value.anyOf && !value.$ref ? 'object' : `object of ${inner(value)}`
}

const numberKind = ({ type, minimum, maximum }: FieldSchema): string => {
  const what = type === 'integer' ? 'whole number' : 'number'
  if (minimum !== undefined && maximum !== undefined) return `${minimum} to ${maximum}`
  return minimum === undefined ? what : `${what}, at least ${minimum}`
}

/** Empty where there is none. */
export function defaultOf({ default: value }: FieldSchema): string {
  if (value === undefined) return ''
  if (Array.isArray(value) || (typeof value === 'object' && value !== null))
    return Object.keys(value).length === 0 ? 'empty' : `\`${JSON.stringify(value)}\``
  return `\`${String(value)}\``
}

/** For one cell of a table. */
const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ')

export const table = (titles: readonly string[], rows: readonly (readonly string[])[]): string =>
  [
    `| ${titles.join(' | ')} |`,
    `|${'---|'.repeat(titles.length)}`,
    ...rows.map((row) => `| ${row.map(cell).join(' | ')} |`),
  ].join('\n')
