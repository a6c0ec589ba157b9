import type { ClaimId, FieldFault, SecretBox } from '@boilerhouse/base'
import { invalidRequest, pointerOf, type ClaimRecord, type SecretValue } from '@boilerhouse/resources'

/** A claim's secrets and env: only ever in memory and in the slot; at rest they are sealed. */
export interface PrivateValues {
  readonly secrets: ReadonlyMap<string, Uint8Array>
  readonly env: Readonly<Record<string, string>>
}

export const noPrivateValues: PrivateValues = { secrets: new Map(), env: {} }

/** Undefined where there is nothing to hide. */
export function sealValues(box: SecretBox, claimId: ClaimId, { secrets, env }: PrivateValues): Uint8Array | undefined {
  if (secrets.size === 0 && Object.keys(env).length === 0) return undefined
  const texts = Object.fromEntries([...secrets].map(([name, bytes]) => [name, Buffer.from(bytes).toString('base64')]))
  return box.seal(Buffer.from(JSON.stringify({ secrets: texts, env })), claimId)
}

export function openValues(box: SecretBox, claim: Pick<ClaimRecord, 'id' | 'sealed'>): PrivateValues {
  if (!claim.sealed) return noPrivateValues
  // Written by sealValues alone, and authenticated: its shape is known.
  const { secrets, env } = JSON.parse(Buffer.from(box.open(claim.sealed, claim.id)).toString()) as {
    secrets: Record<string, string>
    env: Record<string, string>
  }
  return { secrets: new Map(Object.entries(secrets).map(([name, text]) => [name, Buffer.from(text, 'base64')])), env }
}

/** The bytes of a request's secrets. Throws `request.invalid` at each that is no base64. */
export function secretBytes(secrets: Readonly<Record<string, SecretValue>>): ReadonlyMap<string, Uint8Array> {
  const faults: FieldFault[] = []
  const bytes = new Map<string, Uint8Array>()
  for (const [name, value] of Object.entries(secrets)) {
    if (typeof value === 'string') bytes.set(name, Buffer.from(value))
    else if (isBase64(value.base64)) bytes.set(name, Buffer.from(value.base64, 'base64'))
    else faults.push({ pointer: pointerOf('secrets', name, 'base64'), detail: 'must be base64' })
  }
  if (faults.length > 0) throw invalidRequest(faults)
  return bytes
}

const isBase64 = (text: string): boolean => text.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(text)
