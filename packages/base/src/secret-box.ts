import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto'

import { Fault } from './fault.ts'

/**
 * AES-256-GCM with a random nonce a record and the record's id as associated data: a ciphertext copied to another record does
 * not open. Layout: version byte 1, 12 bytes nonce, 16 bytes tag, ciphertext.
 */
export interface SecretBox {
  seal(plain: Uint8Array, recordId: string): Uint8Array
  /** Throws `server.internal` where the key or the record is not the one it was sealed with. */
  open(sealed: Uint8Array, recordId: string): Uint8Array
  /** Tells whether two texts are equal, and without the key nothing: a plain hash of a short secret can be guessed. */
  fingerprint(text: string): string
}

const version = 1
/** A shorter tag is no tag: without this a cut record could pass with four bytes of it. */
const authTagLength = 16

export function createSecretBox(secretKey: string): SecretBox {
  const key = Buffer.from(hkdfSync('sha256', secretKey, '', 'boilerhouse secrets v1', 32))
  const fingerprintKey = Buffer.from(hkdfSync('sha256', secretKey, '', 'boilerhouse fingerprints v1', 32))
  return {
    fingerprint: (text) => createHmac('sha256', fingerprintKey).update(text).digest('hex'),
    seal(plain, recordId) {
      const nonce = randomBytes(12)
      const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength }).setAAD(Buffer.from(recordId))
      const body = Buffer.concat([cipher.update(plain), cipher.final()])
      return Buffer.concat([Buffer.of(version), nonce, cipher.getAuthTag(), body])
    },
    open(sealed, recordId) {
      const bytes = Buffer.from(sealed)
      try {
        if (bytes[0] !== version) throw new Error(`sealed by version ${bytes[0]}`)
        const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(1, 13), { authTagLength })
        decipher.setAAD(Buffer.from(recordId))
        decipher.setAuthTag(bytes.subarray(13, 29))
        return Buffer.concat([decipher.update(bytes.subarray(29)), decipher.final()])
      } catch (cause) {
        throw new Fault('server.internal', `Cannot decrypt record ${recordId}`, {
          cause,
          remedy: 'BOILERHOUSE_SECRET_KEY is not the key this data was written with: start with the former key.',
        })
      }
    },
  }
}
