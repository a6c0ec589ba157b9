import type { FieldFault } from '@boilerhouse/base'
import type { ErrorObject } from 'ajv'

import { pointerToken } from './json-pointer.ts'

/** Ajv's errors as field faults: each points at the very property, also a missing, unknown or misnamed one. Never holds a value. */
export function ajvFaults(errors: readonly ErrorObject[], prefix: string, limit: number): readonly FieldFault[] {
  const seen = new Set<string>()
  const faults: FieldFault[] = []
  for (const error of errors) {
    const fault = { pointer: prefix + pointerOfError(error), detail: detailOfError(error) }
    const key = `${fault.pointer}\0${fault.detail}`
    if (seen.has(key)) continue
    seen.add(key)
    if (faults.push(fault) === limit) break
  }
  return faults
}

function pointerOfError({ instancePath, params, keyword, propertyName }: ErrorObject): string {
  if (propertyName !== undefined) return instancePath + pointerToken(propertyName)
  const name: unknown = params['missingProperty'] ?? params['additionalProperty'] ?? params['unevaluatedProperty']
  const named: unknown = keyword === 'propertyNames' ? params['propertyName'] : name
  return typeof named === 'string' ? instancePath + pointerToken(named) : instancePath
}

function detailOfError({ keyword, params, parentSchema, message, propertyName }: ErrorObject): string {
  if (propertyName !== undefined) return `has a name that ${message ?? 'does not fit'}`
  switch (keyword) {
    case 'required':
    case 'dependentRequired':
      return 'is missing'
    case 'additionalProperties':
    case 'unevaluatedProperties':
      return unknownField(parentSchema)
    case 'enum':
      return `must be one of ${listOf(params['allowedValues'])}`
    case 'propertyNames':
      return 'has a name that is not allowed'
    default:
      return message ?? 'does not fit its schema'
  }
}

/** Maps (records) refuse names by pattern, objects by not knowing them: two different remedies. */
function unknownField(schema: ErrorObject['parentSchema']): string {
  const patterns = Object.keys((schema?.['patternProperties'] as object | undefined) ?? {})
  if (patterns.length > 0) return `has a name that does not match ${patterns.join(' or ')}`
  const known = Object.keys((schema?.['properties'] as object | undefined) ?? {})
  return known.length > 0 ? `is not known here; known are ${known.join(', ')}` : 'is not allowed here'
}

const listOf = (values: unknown): string => (Array.isArray(values) ? values.map((value) => JSON.stringify(value)).join(', ') : '')
