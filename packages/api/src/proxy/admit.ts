import { Fault, isFault } from '@boilerhouse/base'
import type { Principal } from '@boilerhouse/resources'

import { keyOf } from '../auth/request-credentials.ts'
import { checkBrowser } from './check-browser.ts'
import { withoutOurTicket } from './our-ticket.ts'
import { isFor, type Placed } from './parse-target.ts'
import type { ProxyDeps } from './proxy-deps.ts'
import { roomOf, type ProxySessions } from './proxy-session.ts'
import type { ProxyTarget } from './proxy-url.ts'
import type { TenantLabels } from './tenant-labels.ts'

/** Who sent a request, for which port, and what of its path is the container's. */
export type Admission = { readonly target: ProxyTarget; readonly path: string } & (
  | { readonly outcome: 'admitted'; readonly principal: Principal; readonly prefix: string }
  /** A ticket was exchanged: the browser comes again with the cookie, without the ticket. */
  | { readonly outcome: 'entered'; readonly keyId: string }
)

export interface AdmitDeps extends Pick<ProxyDeps, 'auth' | 'tickets'> {
  readonly sessions: ProxySessions
  readonly labels: TenantLabels
}

/**
 * Whose request this is, and whether it may reach that tenant's container. Another tenant's is 404, exactly as one that holds nothing.
 * Nothing is looked up for a caller who has proved nothing.
 */
export async function admit(request: Request, placed: Placed, host: string, deps: AdmitDeps): Promise<Admission> {
  const key = keyOf(request.headers)
  if (key !== undefined) return byKey(key, placed, deps)
  return (await byCookie(request, placed, host, deps)) ?? byTicket(placed, deps)
}

async function byKey(key: string, { place, path, prefix }: Placed, { auth, labels, tickets }: AdmitDeps): Promise<Admission> {
  const principal = await auth.authenticate(key)
  if (principal.role !== 'admin' && principal.role !== 'tenant') throw mayNotReach(principal)
  const holder = place.kind === 'path' ? place : await labels.find(place.tenantLabel, principal)
  if (!holder) throw new Fault('claim.not_found', 'No claim has this address')
  const target = { tenantId: holder.tenantId, poolId: holder.poolId, portName: place.portName }
  checkReach(principal, target)
  return { outcome: 'admitted', principal, target, path: withoutOurTicket(path, tickets), prefix }
}

async function byCookie(request: Request, placed: Placed, host: string, deps: AdmitDeps): Promise<Admission | undefined> {
  const isShared = placed.place.kind === 'path'
  const room = isShared ? roomOf(placed.path) : ''
  const session = deps.sessions.find(
    request.headers.get('cookie'),
    (found) => found.room === room && (room !== '') === isShared && isFor(placed, found),
  )
  const principal = session && (await deps.auth.principalOf(session.keyId))
  if (!session || !principal) return undefined
  checkBrowser(request, host, isShared)
  checkReach(principal, session)
  const inside = placed.path.slice(room.length)
  const target = { tenantId: session.tenantId, poolId: session.poolId, portName: session.portName }
  const whole = inside.startsWith('/') ? inside : `/${inside}`
  const ticket = ticketOf(whole)
  const path = withoutOurTicket(whole, deps.tickets)
  // A link opened once more: the page shall not find a ticket in its address, nor one that still opens.
  const isLink = request.method === 'GET' && request.headers.get('upgrade') === null
  if (!isLink || ticket === null || !deps.tickets.isOurs(ticket)) {
    return { outcome: 'admitted', principal, target, path, prefix: placed.prefix + room }
  }
  await deps.tickets.redeem(ticket, 'proxy').catch(ignoreSpent)
  return { outcome: 'entered', keyId: session.keyId, target, path }
}

async function byTicket(placed: Placed, { auth, tickets }: AdmitDeps): Promise<Admission> {
  const ticket = ticketOf(placed.path)
  if (ticket === null) throw new Fault('auth.required', 'The request carries no key and no valid cookie')
  const { keyId, tenantId = '', poolId = '', portName = '' } = await tickets.redeem(ticket, 'proxy')
  const target = { tenantId, poolId, portName }
  const principal = isFor(placed, target) ? await auth.principalOf(keyId) : undefined
  if (!principal) throw new Fault('auth.ticket_invalid', 'The ticket is for another address, or its key is gone')
  checkReach(principal, target)
  return { outcome: 'entered', keyId, target, path: withoutOurTicket(placed.path, tickets) }
}

const ticketOf = (path: string): string | null => new URLSearchParams(path.split('?')[1] ?? '').get('ticket')

const ignoreSpent = (error: unknown): void => {
  if (!isFault(error, 'auth.ticket_invalid')) throw error
}

function checkReach(principal: Principal, { tenantId, poolId }: ProxyTarget): void {
  if (principal.role === 'admin') return
  if (principal.role === 'tenant' && principal.tenantId === tenantId) return
  if (principal.role === 'tenant') throw new Fault('claim.not_found', `Tenant ${tenantId} holds no claim of pool ${poolId}`)
  throw mayNotReach(principal)
}

const mayNotReach = ({ role }: Principal): Fault =>
  new Fault('auth.forbidden', `A key of role ${role} may not reach into containers`)
