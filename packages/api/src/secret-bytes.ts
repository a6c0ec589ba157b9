import type { SecretValue } from '@boilerhouse/resources'

/** The bytes behind text or `{ base64 }`. */
export const secretBytes = (value: SecretValue): Uint8Array =>
  typeof value === 'string' ? new TextEncoder().encode(value) : new Uint8Array(Buffer.from(value.base64, 'base64'))
