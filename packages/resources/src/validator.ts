import { Fault, type FieldFault } from '@boilerhouse/base'
import type { Static, TSchema } from '@sinclair/typebox'
import { Ajv, type Options, type ValidateFunction } from 'ajv'
import addFormats from 'ajv-formats'

import { ajvFaults } from './ajv-faults.ts'
import { cloneJson } from './clone-json.ts'

export interface Validator<T> {
  /**
   * A checked copy with the schema's defaults filled in; the input is not touched. Throws `request.invalid` with an RFC 6901 pointer
   * for each fault (at most 50), each below `pointerPrefix`, and nothing else.
   */
  parse(value: unknown, pointerPrefix?: string): T
  /** As `parse`, as a value. Empty where the value fits. */
  faults(value: unknown, pointerPrefix?: string): readonly FieldFault[]
}

export const maxFieldFaults = 50

/** For bodies: JSON values as they are. */
export const createValidator = <Schema extends TSchema>(schema: Schema): Validator<Static<Schema>> => validatorOf(schema, {})

/** For query strings and path parameters: texts become the numbers, booleans and lists that the schema asks for. */
export const createQueryValidator = <Schema extends TSchema>(schema: Schema): Validator<Static<Schema>> =>
  validatorOf(schema, { coerceTypes: 'array' })

function validatorOf<T>(schema: TSchema, options: Options): Validator<T> {
  // Compiling takes about 10 ms: at the first use, so that a server with many routes starts at once.
  let compiled: ValidateFunction<T> | undefined
  const check = (input: unknown, prefix: string): { value?: T; faults: readonly FieldFault[] } => {
    const { value, faults } = cloneJson(input, prefix, maxFieldFaults)
    if (faults.length > 0) return { faults }
    const validate = (compiled ??= compile<T>(schema, options))
    if (validate(value)) return { value, faults: [] }
    return { faults: ajvFaults(validate.errors ?? [], prefix, maxFieldFaults) }
  }
  return {
    parse(input, prefix = '') {
      const { value, faults } = check(input, prefix)
      if (faults.length > 0) throw invalidRequest(faults)
      return value as T // no faults: the schema accepted it
    },
    faults: (input, prefix = '') => check(input, prefix).faults,
  }
}

function compile<T>(schema: TSchema, options: Options): ValidateFunction<T> {
  // Our own schemas are checked by a test, so the meta schema need not be loaded for each validator.
  const ajv = new Ajv({
    allErrors: true,
    useDefaults: true,
    strict: true,
    strictTypes: false,
    allowUnionTypes: true,
    verbose: true,
    validateSchema: false,
    meta: false,
    ...options,
  })
  addFormats.default(ajv)
  const { default: _rootDefault, ...rootless } = schema // a default means nothing at the root, and strict mode refuses it
  return ajv.compile<T>(rootless)
}

/** The fault of a request whose fields do not fit; rules that schemas cannot say use it too. */
export function invalidRequest(errors: readonly FieldFault[]): Fault {
  const [first] = errors
  const rest = errors.length > 1 ? ` (and ${errors.length - 1} more)` : ''
  const detail = first ? `${first.pointer === '' ? 'The value' : first.pointer} ${first.detail}${rest}` : 'The request is invalid'
  return new Fault('request.invalid', detail, { errors: errors.slice(0, maxFieldFaults) })
}
