import { Fault, isFault } from '@boilerhouse/base'
import type { Principal } from '@boilerhouse/resources'

import { keyOf } from '../auth/request-credentials.ts'
import { checkBrowser } from './check-browser.ts'
import type { Placed } from './parse-target.ts'
import type { ProxyDeps } from './proxy-deps.ts'
import type { ProxySessions } from './proxy-session.ts'
import type { ProxyTarget } from './proxy-url.ts'

export type Admission =
  | { readonly outcome: 'admitted'; readonly principal: Principal }
  /** A ticket was exchanged: the browser comes again with the cookie, without the ticket. */
  | { readonly outcome: 'entered'; readonly keyId: string }

export interface AdmitDeps extends Pick<ProxyDeps, 'auth' | 'tickets'> {
  readonly sessions: ProxySessions
}

/** Whose request this is, and whether it may reach that tenant's container. Another tenant's is 404, exactly as one that holds nothing. */
export async function admit(
  request: Request,
  { target, path, prefix }: Placed,
  host: string,
  deps: AdmitDeps,
): Promise<Admission> {
  const key = keyOf(request.headers)
  if (key !== undefined) {
    const principal = await deps.auth.authenticate(key)
    checkReach(principal, target)
    return { outcome: 'admitted', principal }
  }
  const ticket = ticketOf(path)
  const keyId = deps.sessions.keyIdOf(request.headers.get('cookie'), target)
  const principal = keyId === undefined ? undefined : await deps.auth.principalOf(keyId)
  if (principal && keyId !== undefined) {
    checkBrowser(request, host, prefix)
    checkReach(principal, target)
    // A link opened once more: the page shall not find a ticket in its address, nor one that still opens.
    const isLink = request.method === 'GET' && request.headers.get('upgrade') === null
    if (!isLink || ticket === null || !deps.tickets.isOurs(ticket)) return { outcome: 'admitted', principal }
    await deps.tickets.redeem(ticket, 'proxy').catch(ignoreSpent)
    return { outcome: 'entered', keyId }
  }
  if (ticket === null) throw new Fault('auth.required', 'The request carries no key and no valid cookie')
  return enter(ticket, target, deps)
}

const ticketOf = (path: string): string | null => new URLSearchParams(path.split('?')[1] ?? '').get('ticket')

const ignoreSpent = (error: unknown): void => {
  if (!isFault(error, 'auth.ticket_invalid')) throw error
}

async function enter(ticket: string, target: ProxyTarget, { auth, tickets }: AdmitDeps): Promise<Admission> {
  const grant = await tickets.redeem(ticket, 'proxy')
  const isFor = grant.tenantId === target.tenantId && grant.poolId === target.poolId && grant.portName === target.portName
  const principal = isFor ? await auth.principalOf(grant.keyId) : undefined
  if (!principal) throw new Fault('auth.ticket_invalid', 'The ticket is for another address, or its key is gone')
  checkReach(principal, target)
  return { outcome: 'entered', keyId: grant.keyId }
}

function checkReach(principal: Principal, { tenantId, poolId }: ProxyTarget): void {
  if (principal.role === 'admin') return
  if (principal.role === 'tenant' && principal.tenantId === tenantId) return
  if (principal.role === 'tenant') throw new Fault('claim.not_found', `Tenant ${tenantId} holds no claim of pool ${poolId}`)
  throw new Fault('auth.forbidden', `A key of role ${principal.role} may not reach into containers`)
}
