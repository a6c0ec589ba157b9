import type { Clock, SecretBox } from '@boilerhouse/base'

import type { ProxyTarget } from './proxy-url.ts'

export const cookieName = 'bh_proxy'
const ttlMs = 12 * 3_600_000
const recordId = 'proxy-session'

interface Session extends ProxyTarget {
  readonly keyId: string
  readonly expiresAtMs: number
}

/** A browser's pass to one port of one tenant, sealed: it says whose key it stands for, and dies with that key. */
export interface ProxySessions {
  /** The value of `Set-Cookie`. */
  issue(target: ProxyTarget, keyId: string, options: { readonly path: string; readonly isSecure: boolean }): string
  /** The key behind the cookie, if it is one of this very target and has not expired. */
  keyIdOf(cookieHeader: string | null, target: ProxyTarget): string | undefined
}

export function createProxySessions(box: SecretBox, clock: Clock): ProxySessions {
  return {
    issue({ tenantId, poolId, portName }, keyId, { path, isSecure }) {
      const session: Session = { tenantId, poolId, portName, keyId, expiresAtMs: clock.nowMs() + ttlMs }
      const value = Buffer.from(box.seal(Buffer.from(JSON.stringify(session)), recordId)).toString('base64url')
      const secure = isSecure ? '; Secure' : ''
      return `${cookieName}=${value}; Path=${path}; Max-Age=${ttlMs / 1000}; HttpOnly; SameSite=Lax${secure}`
    },
    keyIdOf(cookieHeader, target) {
      // A tenant's page may set a cookie of our name too: every one is tried, and only a sealed one opens.
      for (const value of cookieValues(cookieHeader ?? '')) {
        const session = open(box, value)
        if (session && session.expiresAtMs > clock.nowMs() && isSame(session, target)) return session.keyId
      }
      return undefined
    },
  }
}

const isSame = (a: ProxyTarget, b: ProxyTarget): boolean =>
  a.tenantId === b.tenantId && a.poolId === b.poolId && a.portName === b.portName

const cookieValues = (header: string): readonly string[] =>
  header.split(';').flatMap((pair) => {
    const [name, value] = [pair.slice(0, pair.indexOf('=')).trim(), pair.slice(pair.indexOf('=') + 1).trim()]
    return name === cookieName ? [value] : []
  })

function open(box: SecretBox, value: string): Session | undefined {
  try {
    return JSON.parse(Buffer.from(box.open(Buffer.from(value, 'base64url'), recordId)).toString()) as Session // we sealed it
  } catch {
    return undefined // not one of ours
  }
}
