import { randomUUID } from 'node:crypto'

const shape = /^[A-Za-z0-9._:-]{1,128}$/

/** The caller's own id where it is one that can stand in a log line, else a new one. */
export function correlationIdOf(headers: Headers): string {
  const given = headers.get('x-correlation-id')
  return given !== null && shape.test(given) ? given : randomUUID()
}
