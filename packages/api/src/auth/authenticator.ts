import { timingSafeEqual } from 'node:crypto'

import { Fault, type Clock, type KeyId } from '@boilerhouse/base'
import type { KeyRecord, Principal } from '@boilerhouse/resources'
import type { EventHub, KeyStore } from '@boilerhouse/store'

import { hashKey, hasKeyShape } from './key-secret.ts'
import { KeyCache } from './key-cache.ts'
import { KeyWatchers } from './key-watchers.ts'
import { RateLimit } from './rate-limit.ts'
import { UnknownKeys } from './unknown-keys.ts'

/**
 * Turns a key into a principal, once a request. Records are cached for at most `keyCacheMs`, so a key that another process revoked is
 * dead within that time; one revoked here is dead at once.
 */
export interface Authenticator {
  /** Throws `auth.required`, `auth.invalid`, `request.rate_limited`. A plain value where the cache knows the key: no await is needed. */
  authenticate(secret: string | undefined): Principal | Promise<Principal>
  /** The principal of a key that proved itself earlier (a ticket, a cookie, an open stream); undefined once it is dead. */
  principalOf(keyId: string): Promise<Principal | undefined>
  /** Calls `end` once the key is dead; the returned function stops watching. */
  watch(keyId: string, end: () => void): () => void
  /** A key was made here: it works from now on, whatever strangers try. Other processes hear of it as an event. */
  created(record: KeyRecord): void
  /** Forgets the key now and ends its streams. */
  revoked(keyId: string): void
  /** Writes when keys were last used. */
  markUsed(): Promise<void>
  close(): void
}

export interface AuthenticatorDeps {
  readonly keys: KeyStore
  readonly hub: EventHub
  readonly clock: Clock
  readonly adminKeyHash: string
  readonly keyCacheMs: number
  /** Of a key that has no rate of its own; the built-in admin key has none. */
  readonly requestsPerMinute: number
}

const adminPrincipal: Principal = { kind: 'key', id: 'admin', role: 'admin', projectId: 'default' }

export function createAuthenticator(deps: AuthenticatorDeps): Authenticator {
  const { keys, hub, clock, adminKeyHash, keyCacheMs, requestsPerMinute } = deps
  const cache = new KeyCache({ keys, clock, maxAgeMs: keyCacheMs })
  const lookUp = boundedLookUp(cache, new UnknownKeys(clock))
  const limit = new RateLimit(clock)
  const used = new Map<KeyId, number>()
  const watchers = new KeyWatchers()
  const closing = new AbortController()

  const revoked = (keyId: string) => {
    cache.forget(keyId)
    watchers.endAll(keyId)
  }
  const unsubscribe = hub.subscribe(({ type, subject }) => {
    const keyId = subject.slice('key/'.length)
    if (type === 'key.revoked') revoked(keyId)
    // A store that does not answer: the key is then looked up when it comes.
    if (type === 'key.created') void cache.byId(keyId).catch(() => undefined)
  })
  const admit = (record: KeyRecord | undefined): Principal => {
    if (!record || isDead(record, clock.nowMs())) throw new Fault('auth.invalid', 'The key is unknown, expired or revoked')
    limit.take(record.id, record.requestsPerMinute ?? requestsPerMinute)
    used.set(record.id, clock.nowMs())
    return toPrincipal(record)
  }
  const principalOf = async (keyId: string) => {
    if (keyId === 'admin') return adminPrincipal
    const record = await cache.byId(keyId)
    return record && !isDead(record, clock.nowMs()) ? toPrincipal(record) : undefined
  }
  const isGone = async (keyId: string) => (await principalOf(keyId)) === undefined
  void watchers.look({ clock, everyMs: keyCacheMs / 4, isDead: isGone, signal: closing.signal })
  return {
    authenticate(secret) {
      if (secret === undefined) throw new Fault('auth.required', 'The request carries no key')
      const hash = hashKey(secret)
      if (equalHashes(hash, adminKeyHash)) return adminPrincipal
      if (!hasKeyShape(secret)) throw new Fault('auth.invalid', 'The key is unknown, expired or revoked')
      const fresh = cache.fresh(hash)
      return fresh ? admit(fresh) : lookUp(hash).then(admit)
    },
    principalOf,
    created: (record) => cache.add(record),
    revoked,
    watch: (keyId, end) => watchers.watch(keyId, end),
    async markUsed() {
      if (used.size === 0) return
      const batch = new Map(used)
      used.clear()
      await keys.markUsed(batch)
    },
    close() {
      closing.abort()
      unsubscribe()
    },
  }
}

const boundedLookUp =
  (cache: KeyCache, unknown: UnknownKeys) =>
  async (hash: string): Promise<KeyRecord | undefined> => {
    if (!cache.knew(hash)) {
      if (unknown.has(hash)) return undefined
      unknown.take()
    }
    const record = await cache.byHash(hash)
    if (!record) unknown.add(hash)
    return record
  }

const isDead = (record: KeyRecord, nowMs: number): boolean =>
  record.revokedAt !== undefined || (record.expiresAt !== undefined && record.expiresAt <= nowMs)

const toPrincipal = (record: KeyRecord): Principal => ({
  kind: 'key',
  id: record.id,
  role: record.role,
  projectId: 'default',
  ...(record.tenantId !== undefined && { tenantId: record.tenantId }),
  ...(record.pools !== undefined && { pools: record.pools }),
})

const equalHashes = (a: string, b: string): boolean => a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b))
