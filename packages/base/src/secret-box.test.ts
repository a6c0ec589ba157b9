import { describe, expect, test } from 'bun:test'

import { isFault } from './fault.ts'
import { createSecretBox } from './secret-box.ts'

const box = createSecretBox('the key')
const plain = Uint8Array.from({ length: 300 }, (_, i) => i % 256)
const opens = (sealed: Uint8Array, recordId = 'r1', by = box): boolean => {
  try {
    by.open(sealed, recordId)
    return true
  } catch (error) {
    if (isFault(error, 'server.internal')) return false
    throw error
  }
}

describe('a sealed record', () => {
  test('opens to the same bytes, also empty ones, and also by another box of the same key', () => {
    expect(Array.from(createSecretBox('the key').open(box.seal(plain, 'r1'), 'r1'))).toEqual(Array.from(plain))
    expect(box.open(box.seal(new Uint8Array(), 'r1'), 'r1')).toHaveLength(0)
  })

  test('does not open for another record or by another key', () => {
    expect(opens(box.seal(plain, 'r1'), 'r2')).toBe(false)
    expect(opens(box.seal(plain, 'r1'), 'r1', createSecretBox('another key'))).toBe(false)
  })

  test('does not open once any byte of it is changed', () => {
    const sealed = box.seal(Uint8Array.of(1, 2, 3), 'r1')
    for (let i = 0; i < sealed.length; i++) {
      const changed = Uint8Array.from(sealed)
      changed[i] = (changed[i] ?? 0) ^ 1
      expect([i, opens(changed)]).toEqual([i, false])
    }
  })

  test('does not open once it is cut, at any length', () => {
    const sealed = box.seal(new Uint8Array(), 'r1')
    for (let length = 0; length < sealed.length; length++)
      expect([length, opens(sealed.subarray(0, length))]).toEqual([length, false])
  })

  test('holds none of the plain text and is another one each time', () => {
    const text = Buffer.from('a secret that is long enough to be found')
    const [one, two] = [box.seal(text, 'r1'), box.seal(text, 'r1')]
    expect(Buffer.from(one).includes(text)).toBe(false)
    expect(Buffer.from(one).equals(Buffer.from(two))).toBe(false)
  })
})

test('a fingerprint is the same for the same text and key, and tells nobody without the key what the text was', () => {
  const plainHash = new Bun.CryptoHasher('sha256').update('1234').digest('hex')
  expect(box.fingerprint('1234')).toBe(createSecretBox('the key').fingerprint('1234'))
  expect(box.fingerprint('1234')).not.toBe(box.fingerprint('1235'))
  expect(box.fingerprint('1234')).not.toBe(createSecretBox('another key').fingerprint('1234'))
  expect(box.fingerprint('1234')).not.toBe(plainHash)
})
