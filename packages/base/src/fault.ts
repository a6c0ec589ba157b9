import { faultRegistry, type FaultCode } from './fault-registry.ts'

/** One fault of one field: an RFC 6901 pointer into the request's body, query or path. */
export interface FieldFault {
  readonly pointer: string
  readonly detail: string
}

export interface FaultExtras {
  readonly cause?: unknown
  /** Every field at fault, for 400 and 422. */
  readonly errors?: readonly FieldFault[]
  /** Replaces the registry's remedy where the place knows a better one. */
  readonly remedy?: string
  /** Sent as `Retry-After`, rounded up to seconds. */
  readonly retryAfterMs?: number
  /** Extra public members of the problem document, e.g. the list of an ambiguous claim. */
  readonly extra?: Readonly<Record<string, unknown>>
}

/**
 * A failure of the world or a caller's mistake, with a stable code from the one registry. `detail` is public: it names what was
 * wrong in this case and never holds a secret. The cause stays inside.
 */
export class Fault extends Error {
  override readonly name = 'Fault'
  readonly code: FaultCode
  readonly errors: readonly FieldFault[] | undefined
  readonly remedy: string
  readonly retryAfterMs: number | undefined
  readonly extra: Readonly<Record<string, unknown>> | undefined

  constructor(code: FaultCode, detail: string, extras: FaultExtras = {}) {
    super(detail, { cause: extras.cause })
    this.code = code
    this.errors = extras.errors
    this.remedy = extras.remedy ?? faultRegistry[code].remedy
    this.retryAfterMs = extras.retryAfterMs
    this.extra = extras.extra
  }

  get status(): number {
    return faultRegistry[this.code].status
  }

  get retry(): 'never' | 'later' | 'after_change' {
    return faultRegistry[this.code].retry
  }
}

export const isFault = (error: unknown, code?: FaultCode): error is Fault =>
  error instanceof Fault && (code === undefined || error.code === code)
