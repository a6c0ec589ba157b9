import { Fault, type FaultCode } from '@boilerhouse/base'

/** What a call was about decides what an engine's 404, 409 or 500 means. */
export type EngineSubject = 'container' | 'start' | 'image' | 'build' | 'network' | 'engine'

interface EngineError {
  readonly statusCode?: number
  readonly code?: string
  readonly message: string
}

const connectionCodes = new Set(['ECONNREFUSED', 'ENOENT', 'EACCES', 'ECONNRESET', 'EPIPE', 'ENOTSOCK', 'ConnectionRefused'])

/** An engine that stops, or has lost its containerd, still answers calls: with this. It says nothing about the container. */
const engineEnds = /: unavailable$|transport is closing|error while dialing|containerd.*connection refused|\bshutting down\b/i

/** Maps what dockerode threw to a Fault. Faults pass; so do aborts of the caller. */
export function engineFault(error: unknown, subject: EngineSubject): unknown {
  if (error instanceof Fault || !(error instanceof Error)) return error
  const { statusCode, code, message } = error as EngineError
  const detail = messageOf(message)
  const fault = (faultCode: FaultCode, remedy?: string) =>
    new Fault(faultCode, detail, remedy === undefined ? { cause: error } : { cause: error, remedy })
  if (statusCode === undefined) return isConnection(code, message) ? unavailable(error, code) : error
  if (engineEnds.test(detail)) return unavailable(error, undefined)
  if (/no space left on device/i.test(detail)) return fault('host.disk_full')
  if (subject === 'build') return fault('runtime.build_failed')
  if (/no such image/i.test(detail)) return fault('runtime.image_not_found')
  if (subject === 'network' || /network .* not found|no such network/i.test(detail)) return fault('runtime.network_failed')
  if (statusCode === 404 && subject === 'image') return fault('runtime.image_not_found')
  if (/no such container|is already in progress|is dead or marked for removal/i.test(detail))
    return fault('runtime.container_gone')
  if (subject === 'start') return fault('runtime.start_failed')
  if (statusCode === 404 && subject === 'container') return fault('runtime.container_gone')
  if (statusCode === 409) return fault('container.conflict')
  return fault('runtime.engine_failed')
}

export const isStatus = (error: unknown, ...statuses: readonly number[]): boolean =>
  error instanceof Error && statuses.includes((error as EngineError).statusCode ?? -1)

const isConnection = (code: string | undefined, message: string): boolean =>
  connectionCodes.has(code ?? '') || /socket hang up|connection (was )?(refused|reset|closed)|closed unexpectedly/i.test(message)

function unavailable(error: Error, code: string | undefined): Fault {
  const remedy =
    code === 'EACCES' ? "Run the server as root, or add its user to the group that owns the engine's socket." : undefined
  return new Fault('runtime.unavailable', `Cannot reach the engine: ${error.message}`, {
    cause: error,
    ...(remedy === undefined ? {} : { remedy }),
  })
}

/** dockerode writes "(HTTP code 404) no such container - <the engine's words> ", and the engine says twice which image it has not. */
const messageOf = (message: string): string =>
  message
    .replace(/^\(HTTP code \d+\) [^-]*- /, '')
    .replace(/^no such image: (\S+): (?=No such image: \1)/, '')
    .trim()
