import type { FieldFault } from '@boilerhouse/base'

import { pointerToken } from './json-pointer.ts'
import { environmentNamePattern } from './schema.ts'

/** Linux takes no single `NAME=value` above 32 pages (MAX_ARG_STRLEN), its end included. */
const maxVariableBytes = 128 * 1024
const maxEnvironmentBytes = 1024 * 1024

const namePattern = new RegExp(environmentNamePattern)

/** What cannot be an environment, by pointer: names, NUL, 128 KiB a variable, 1 MiB in all. Never holds a value. */
export function environmentFaults(environment: Readonly<Record<string, string>>, prefix: string): readonly FieldFault[] {
  const faults: FieldFault[] = []
  let total = 0
  for (const [name, value] of Object.entries(environment)) {
    const pointer = prefix + pointerToken(name)
    if (!namePattern.test(name)) faults.push({ pointer, detail: `has a name that does not match ${environmentNamePattern}` })
    if (value.includes('\0')) faults.push({ pointer, detail: 'must not hold the NUL character: use a secret file' })
    const bytes = Buffer.byteLength(name) + Buffer.byteLength(value) + 2
    if (bytes > maxVariableBytes) faults.push({ pointer, detail: 'is larger than 128 KiB: use a secret file' })
    total += bytes
  }
  if (total > maxEnvironmentBytes) faults.push({ pointer: prefix, detail: 'is larger than 1 MiB in all: use a secret file' })
  return faults
}
