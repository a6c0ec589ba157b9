import type { FieldFault } from '@boilerhouse/base'

import { pointerToken } from './json-pointer.ts'

/** Deeper input is refused: every later walk of it may then recurse without fear for the stack. */
const maxDepth = 64

export interface ClonedJson {
  readonly value: unknown
  readonly faults: readonly FieldFault[]
}

/**
 * A copy that shares nothing with the input. Refuses what JSON cannot say or Postgres cannot keep (NUL, lone surrogates, numbers
 * beyond a double) and `__proto__`, which assignment would turn into a prototype. Properties of value `undefined` are left out.
 */
export function cloneJson(value: unknown, prefix: string, maxFaults: number): ClonedJson {
  const faults: FieldFault[] = []
  const refuse = (pointer: string, detail: string): null => {
    if (faults.length < maxFaults) faults.push({ pointer, detail })
    return null
  }
  const walk = (input: unknown, pointer: string, depth: number): unknown => {
    if (input === null || typeof input === 'boolean') return input
    if (typeof input === 'string') return textFault(input) ? refuse(pointer, `must not hold ${textFault(input)}`) : input
    if (typeof input === 'number') return Number.isFinite(input) ? input : refuse(pointer, 'must be a finite number')
    if (typeof input !== 'object') return refuse(pointer, input === undefined ? 'is missing' : 'must be a JSON value')
    if (depth >= maxDepth) return refuse(pointer, `must not be nested deeper than ${maxDepth} levels`)
    if (Array.isArray(input)) return input.map((item, index) => walk(item, `${pointer}/${index}`, depth + 1))
    const copy: Record<string, unknown> = {}
    for (const [name, item] of Object.entries(input)) {
      if (item === undefined) continue
      const at = pointer + pointerToken(name)
      if (name === '__proto__') refuse(at, 'must not be named __proto__')
      else if (textFault(name)) refuse(at, `must not hold ${textFault(name)} in its name`)
      else copy[name] = walk(item, at, depth + 1)
    }
    return copy
  }
  return { value: walk(value, prefix, 0), faults }
}

function textFault(text: string): string | undefined {
  if (text.includes('\0')) return 'the NUL character'
  return text.isWellFormed() ? undefined : 'half a surrogate pair'
}
