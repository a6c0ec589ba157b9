import { randomBytes } from 'node:crypto'

import type { Clock, SecretBox } from '@boilerhouse/base'

import { pathPrefix, type ProxyTarget } from './proxy-url.ts'

export const cookieName = 'bh_proxy'
const ttlMs = 12 * 3_600_000
const recordId = 'proxy-session'

export interface ProxySession extends ProxyTarget {
  readonly keyId: string
  /** Below `pathPrefix`: the part of the path that only the pages of this session know. Empty on an origin of its own. */
  readonly room: string
  readonly expiresAtMs: number
}

export interface IssuedSession {
  /** The value of `Set-Cookie`. */
  readonly cookie: string
  /** What the browser's paths begin with from now on; empty on an origin of its own. */
  readonly prefix: string
}

/** A browser's pass to one port of one tenant, sealed: it says whose key it stands for, and dies with that key. */
export interface ProxySessions {
  /**
   * Where tenants share the origin (`isShared`), the cookie is for a path that cannot be guessed: a page of another tenant can send
   * requests anywhere below the origin, with any Referer it likes, but does not know where the browser would add the cookie.
   */
  issue(target: ProxyTarget, keyId: string, options: { readonly isShared: boolean; readonly isSecure: boolean }): IssuedSession
  /** The first session among the cookies that is not over and that `fits`. */
  find(cookieHeader: string | null, fits: (session: ProxySession) => boolean): ProxySession | undefined
}

export function createProxySessions(box: SecretBox, clock: Clock): ProxySessions {
  return {
    issue({ tenantId, poolId, portName }, keyId, { isShared, isSecure }) {
      const room = isShared ? `/~${randomBytes(16).toString('base64url')}` : ''
      const session: ProxySession = { tenantId, poolId, portName, keyId, room, expiresAtMs: clock.nowMs() + ttlMs }
      const value = Buffer.from(box.seal(Buffer.from(JSON.stringify(session)), recordId)).toString('base64url')
      const prefix = isShared ? pathPrefix(session) + room : ''
      const attributes = `Path=${prefix === '' ? '/' : prefix}; Max-Age=${ttlMs / 1000}; HttpOnly; SameSite=Lax`
      return { cookie: `${cookieName}=${value}; ${attributes}${isSecure ? '; Secure' : ''}`, prefix }
    },
    find(cookieHeader, fits) {
      // A tenant's page may set a cookie of our name too: every one is tried, and only a sealed one opens.
      for (const value of cookieValues(cookieHeader ?? '')) {
        const session = open(box, value)
        if (session && session.expiresAtMs > clock.nowMs() && fits(session)) return session
      }
      return undefined
    },
  }
}

/** The room that a path below a target's prefix begins with; empty where it begins with none. */
export const roomOf = (path: string): string => /^\/~[A-Za-z0-9_-]{22}(?=[/?]|$)/.exec(path)?.[0] ?? ''

const cookieValues = (header: string): readonly string[] =>
  header.split(';').flatMap((pair) => {
    const [name, value] = [pair.slice(0, pair.indexOf('=')).trim(), pair.slice(pair.indexOf('=') + 1).trim()]
    return name === cookieName ? [value] : []
  })

function open(box: SecretBox, value: string): ProxySession | undefined {
  try {
    return JSON.parse(Buffer.from(box.open(Buffer.from(value, 'base64url'), recordId)).toString()) as ProxySession // we sealed it
  } catch {
    return undefined // not one of ours
  }
}
