import { Fault, type FieldFault } from '@boilerhouse/base'
import { Ajv, type ValidateFunction } from 'ajv'
import { Ajv2020 } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'

import { ajvFaults } from './ajv-faults.ts'
import { schemaShapeFaults } from './config-schema-shape.ts'
import { createLinearRegexp } from './linear-regexp.ts'
import { maxFieldFaults } from './validator.ts'

type Schema = Readonly<Record<string, unknown>>

/** Checks what tenants send as `config` against their workload's schema. */
export interface ConfigSchemas {
  /** Empty where the config fits; pointers below /config. A schema that cannot be used is a fault at /config. */
  faults(schema: Schema | undefined, config: Readonly<Record<string, unknown>>): readonly FieldFault[]
  /** Throws `claim.config_invalid` with every fault. */
  assert(schema: Schema | undefined, config: Readonly<Record<string, unknown>>): void
}

/** Compiled schemas are kept, by the object and by their text, at most `maxKept` of them. */
export function createConfigSchemas({ maxKept = 256 }: { readonly maxKept?: number } = {}): ConfigSchemas {
  const byObject = new WeakMap<Schema, ValidateFunction>()
  const byText = new Map<string, ValidateFunction>()
  const compiled = (schema: Schema): ValidateFunction => {
    const known = byObject.get(schema)
    if (known) return known
    const text = JSON.stringify(schema)
    const validate = byText.get(text) ?? compile(schema, { isTaken: true })
    byText.delete(text)
    byText.set(text, validate)
    if (byText.size > maxKept) for (const oldest of byText.keys()) if (byText.size > maxKept) byText.delete(oldest)
    byObject.set(schema, validate)
    return validate
  }
  const faults: ConfigSchemas['faults'] = (schema, config) => {
    if (!schema) return []
    try {
      const validate = compiled(schema)
      return validate(config) ? [] : ajvFaults(validate.errors ?? [], '/config', maxFieldFaults)
    } catch (error) {
      // A schema from an older version that is refused now, or one that recurses without end on this very config.
      return [{ pointer: '/config', detail: `cannot be checked against the workload's configSchema: ${reasonOf(error)}` }]
    }
  }
  return {
    faults,
    assert(schema, config) {
      const errors = faults(schema, config)
      const [first] = errors
      if (first) throw new Fault('claim.config_invalid', `${first.pointer} ${first.detail}`, { errors })
    },
  }
}

/** Why a workload's configSchema cannot be taken: not a schema, remote references, patterns or shapes that cost without bound. */
export function configSchemaFaults(schema: Schema, prefix: string): readonly FieldFault[] {
  const shape = schemaShapeFaults(schema, prefix)
  if (shape.length > 0) return shape.slice(0, maxFieldFaults)
  try {
    compile(schema, { isTaken: false })
    return []
  } catch (error) {
    return [{ pointer: prefix, detail: `is no JSON Schema that can be used: ${reasonOf(error)}` }]
  }
}

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error)).slice(0, 500)

/** One that its workload was taken with is not held against the meta-schema again: a first compile took 58 to 104 ms with it, 12 to 17 without. */
function compile(schema: Schema, { isTaken }: { readonly isTaken: boolean }): ValidateFunction {
  const regExp = Object.assign((pattern: string) => createLinearRegexp(pattern), { code: 'createLinearRegexp' })
  const options = {
    allErrors: true,
    strict: false,
    validateSchema: !isTaken,
    verbose: true,
    logger: false,
    code: { regExp },
  } as const
  const { $schema: dialect, ...rest } = schema
  const ajv = isDraft7(dialect) ? new Ajv(options) : new Ajv2020(options)
  addFormats.default(ajv)
  return ajv.compile(rest)
}

/** Where nothing is said, 2020-12: what OpenAPI 3.1 and current tools write. */
const isDraft7 = (dialect: unknown): boolean => typeof dialect === 'string' && /draft-0[467]/.test(dialect)
