/** Branded ids: a `PoolId` cannot be passed where a `TenantId` is wanted. The brand exists at compile time only. */
export type Branded<Name extends string> = string & { readonly __brand: Name }
export type ContainerId = Branded<'container'>
export type ClaimId = Branded<'claim'>
export type TenantId = Branded<'tenant'>
export type PoolId = Branded<'pool'>
export type WorkloadId = Branded<'workload'>
export type KeyId = Branded<'key'>

const alphabet = '0123456789abcdefghjkmnpqrstvwxyz'

/** `<prefix>-` and 20 base-32 characters: 45 bits of time, 55 of randomness; sorts by time, is a DNS label. */
export function newId<Name extends string>(prefix: string, nowMs: number): Branded<Name> {
  let time = ''
  for (let left = Math.floor(nowMs), i = 0; i < 9; i++, left = Math.floor(left / 32)) time = alphabet[left % 32] + time
  let random = ''
  for (const byte of crypto.getRandomValues(new Uint8Array(11))) random += alphabet[byte % 32]
  return `${prefix}-${time}${random}` as Branded<Name>
}

export const newContainerId = (nowMs: number): ContainerId => newId<'container'>('c', nowMs)
export const newClaimId = (nowMs: number): ClaimId => newId<'claim'>('cl', nowMs)
export const newKeyId = (nowMs: number): KeyId => newId<'key'>('k', nowMs)
