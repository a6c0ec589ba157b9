import { Fault } from '@boilerhouse/base'
import type { Principal } from '@boilerhouse/resources'

import { keyOf } from '../auth/request-credentials.ts'
import { checkBrowser } from './check-browser.ts'
import type { Placed } from './parse-target.ts'
import type { ProxyDeps } from './proxy-deps.ts'
import type { ProxySessions } from './proxy-session.ts'
import type { ProxyTarget } from './proxy-url.ts'

export type Admission =
  | { readonly outcome: 'admitted' }
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
    checkReach(await deps.auth.authenticate(key), target)
    return { outcome: 'admitted' }
  }
  const keyId = deps.sessions.keyIdOf(request.headers.get('cookie'), target)
  const principal = keyId === undefined ? undefined : await deps.auth.principalOf(keyId)
  if (principal) {
    checkBrowser(request, host, prefix)
    checkReach(principal, target)
    return { outcome: 'admitted' }
  }
  const ticket = new URLSearchParams(path.split('?')[1] ?? '').get('ticket')
  if (ticket === null) throw new Fault('auth.required', 'The request carries no key and no valid cookie')
  return enter(ticket, target, deps)
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
