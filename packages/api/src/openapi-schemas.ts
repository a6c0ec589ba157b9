import * as resources from '@boilerhouse/resources'
import type { TSchema } from '@sinclair/typebox'

import * as execContainer from './routes/exec-container.ts'
import * as proxyTicket from './routes/create-proxy-ticket.ts'
import * as scalePool from './routes/scale-pool.ts'
import * as views from './views.ts'

export interface JsonSchema {
  readonly type?: string | readonly string[]
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly required?: readonly string[]
  readonly description?: string
  readonly [keyword: string]: unknown
}

/** Exported schemas go by the name they are exported under. */
export const schemaNames: ReadonlyMap<object, string> = new Map(
  [resources, views, scalePool, execContainer, proxyTicket]
    .flatMap((module) => Object.entries(module as Record<string, unknown>))
    .filter(([name, value]) => /^[A-Z]/.test(name) && typeof value === 'object' && value !== null && !/Params?$/.test(name))
    .map(([name, value]) => [value as object, name]),
)

/** As answered: defaults are filled in, so what has one is always there. */
export const toAnswerSchema = (schema: TSchema): JsonSchema => JSON.parse(JSON.stringify(schema)) as JsonSchema // plain JSON schema

/** As sent: what has a default may be left out. */
export const toInputSchema = (schema: TSchema): JsonSchema => relax(toAnswerSchema(schema))

function relax(schema: JsonSchema): JsonSchema {
  const entries = Object.entries(schema).map(([keyword, value]) => [keyword, relaxKeyword(keyword, value, schema)] as const)
  return Object.fromEntries(
    entries.filter(([keyword, value]) => keyword !== 'required' || (value as readonly string[]).length > 0),
  )
}

function relaxKeyword(keyword: string, value: unknown, { properties = {} }: JsonSchema): unknown {
  if (keyword === 'required') return (value as readonly string[]).filter((name) => properties[name]?.['default'] === undefined)
  if (keyword === 'properties' || keyword === 'patternProperties') {
    return Object.fromEntries(
      Object.entries(value as Record<string, JsonSchema>).map(([name, property]) => [name, relax(property)]),
    )
  }
  if (keyword === 'items') return relax(value as JsonSchema)
  if (keyword === 'anyOf') return (value as readonly JsonSchema[]).map(relax)
  return value
}
