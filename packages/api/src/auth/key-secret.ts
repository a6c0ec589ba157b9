import { randomBytes } from 'node:crypto'

/** A key as people hold it: a prefix that secret scanners find, and 32 random bytes. */
export const newKeySecret = (): string => `bhk_${randomBytes(32).toString('base64url')}`

const shape = /^bhk_[A-Za-z0-9_-]{43}$/

/** Keys of other shapes can only be the admin key of the settings: the store is not asked for them. */
export const hasKeyShape = (secret: string): boolean => shape.test(secret)

export const hashKey = (secret: string): string => new Bun.CryptoHasher('sha256').update(secret).digest('hex')
