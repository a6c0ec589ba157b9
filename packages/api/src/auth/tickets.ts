import { randomBytes } from 'node:crypto'

import { Fault, type Clock, type SecretBox } from '@boilerhouse/base'
import type { IdempotencyStore } from '@boilerhouse/store'

/** What a ticket stands for; `kind` keeps one from being used for another. */
export interface TicketGrant {
  readonly kind: 'events' | 'proxy'
  readonly keyId: string
  readonly tenantId?: string
  readonly poolId?: string
  readonly portName?: string
}

interface Sealed extends TicketGrant {
  readonly expiresAtMs: number
  readonly nonce: string
}

/**
 * One-use tickets for browsers, which cannot send a key with a WebSocket or a link. A ticket is sealed, so that any process of the
 * installation can open it; that it is used once is kept in the store.
 */
export interface Tickets {
  issue(grant: TicketGrant): { readonly ticket: string; readonly expiresAtMs: number }
  /** Throws `auth.ticket_invalid`. */
  redeem(ticket: string, kind: TicketGrant['kind']): Promise<TicketGrant>
  /** Whether it was issued here, spent or not. */
  isOurs(ticket: string): boolean
}

const recordId = 'ticket'
const scope = 'ticket'

export function createTickets(deps: {
  readonly box: SecretBox
  readonly clock: Clock
  readonly idempotency: IdempotencyStore
  readonly ttlMs: number
}): Tickets {
  const { box, clock, idempotency, ttlMs } = deps
  return {
    issue(grant) {
      const expiresAtMs = clock.nowMs() + ttlMs
      const sealed: Sealed = { ...grant, expiresAtMs, nonce: randomBytes(16).toString('hex') }
      return { ticket: Buffer.from(box.seal(Buffer.from(JSON.stringify(sealed)), recordId)).toString('base64url'), expiresAtMs }
    },
    isOurs: (ticket) => open(box, ticket) !== undefined,
    async redeem(ticket, kind) {
      const sealed = open(box, ticket)
      if (!sealed || sealed.kind !== kind || sealed.expiresAtMs <= clock.nowMs()) throw invalid()
      const { outcome } = await idempotency.begin(scope, sealed.nonce, '')
      if (outcome !== 'started') throw invalid()
      await idempotency.finish(scope, sealed.nonce, { status: 204, body: '' })
      const { expiresAtMs: _expires, nonce: _nonce, ...grant } = sealed
      return grant
    },
  }
}

const invalid = (): Fault => new Fault('auth.ticket_invalid', 'The ticket is unknown, expired or used')

function open(box: SecretBox, ticket: string): Sealed | undefined {
  try {
    return JSON.parse(Buffer.from(box.open(Buffer.from(ticket, 'base64url'), recordId)).toString()) as Sealed // we sealed it
  } catch {
    return undefined // not one of ours: the caller says so
  }
}
