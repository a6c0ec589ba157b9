import { Type, type StringOptions, type TString, type TUnsafe } from '@sinclair/typebox'

/** A string enum as Kubernetes structural schemas allow it: no `anyOf` of literals. */
export const stringEnum = <const Values extends readonly string[]>(
  values: Values,
  options: { default?: Values[number]; description?: string } = {},
): TUnsafe<Values[number]> => Type.Unsafe<Values[number]>({ type: 'string', enum: values, ...options })

export const dnsLabelPattern = '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$'
export const tenantIdPattern = '^(?!\\.{1,2}$)[a-zA-Z0-9._@:-]{1,256}$'
export const environmentNamePattern = '^[A-Za-z_][A-Za-z0-9_]*$'

export const dnsLabel = (options: StringOptions = {}): TString =>
  Type.String({ pattern: dnsLabelPattern, maxLength: 63, ...options })
export const tenantIdSchema = (options: StringOptions = {}): TString =>
  Type.String({ pattern: tenantIdPattern, maxLength: 256, ...options })
export const rfc3339 = (options: StringOptions = {}): TString => Type.String({ format: 'date-time', ...options })

/** Objects refuse fields they do not know: a misspelt field is a fault, never silently ignored. */
export const strict = { additionalProperties: false } as const
