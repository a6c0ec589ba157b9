/** Bounds of what one caller can make the server hold or do. */
export interface ApiLimits {
  readonly jsonBodyBytes: number
  readonly fileBytes: number
  readonly execOutputBytes: number
  /** How long a key that was revoked by another process may still work. */
  readonly keyCacheMs: number
  /** Events kept in memory for streams; a stream that falls further behind is told to resume. */
  readonly eventBuffer: number
  /** Bytes a stream's socket may hold back before events wait in the buffer. */
  readonly streamBufferBytes: number
  readonly heartbeatMs: number
  /** How long a request waits for the first one with its Idempotency-Key. */
  readonly idempotencyWaitMs: number
  readonly ticketTtlMs: number
  readonly maxEventStreams: number
  /** Of one key that is not an admin's, so that no key takes all. */
  readonly maxEventStreamsPerKey: number
  /** Waits, exec, files, followed logs under way for one key that is not an admin's. */
  readonly maxLongCallsPerKey: number
  /** Of a key that has no rate of its own; the built-in admin key has none. */
  readonly requestsPerMinute: number
}

export const defaultLimits: ApiLimits = {
  jsonBodyBytes: 4 * 1_048_576,
  fileBytes: 1024 * 1_048_576,
  execOutputBytes: 1_048_576,
  keyCacheMs: 4_000,
  eventBuffer: 8_192,
  streamBufferBytes: 262_144,
  heartbeatMs: 15_000,
  idempotencyWaitMs: 620_000,
  ticketTtlMs: 60_000,
  maxEventStreams: 2_000,
  maxEventStreamsPerKey: 200,
  maxLongCallsPerKey: 256,
  requestsPerMinute: 60_000,
}
