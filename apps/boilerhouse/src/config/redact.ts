import { secretSettings, type SettingName } from './settings-schema.ts'

/** A value as it may be printed: secrets not at all, an address without its password. */
export function redact(name: SettingName, value: unknown): unknown {
  if (value === undefined || value === null) return undefined
  if (secretSettings.has(name)) return '(set)'
  return name === 'databaseUrl' ? withoutPassword(String(value)) : value
}

function withoutPassword(address: string): string {
  // Everything between the first ":" after the scheme and the last "@" may be the password, whatever characters it holds.
  const plain = address.replace(/^([a-z]+:\/\/[^:/?#@]*):.*@/i, '$1:***@')
  return plain.replaceAll(/([?&](?:password|sslpassword)=)[^&]*/gi, '$1***')
}
