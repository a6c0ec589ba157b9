import { Fault } from '@boilerhouse/base'
import type { Principal } from '@boilerhouse/resources'

import type { RouteSpec } from '../route.ts'
import type { TSchema } from '@sinclair/typebox'

type Guarded = Pick<RouteSpec<TSchema, TSchema, TSchema>, 'operationId' | 'method' | 'role' | 'isSensitive'>

/**
 * Design §7, by role. Throws `auth.forbidden` where the role may never do this, `claim.not_found` where it is about another tenant: the
 * same answer as for a tenant that does not exist. What the unknown role may do is nothing.
 */
export function authorize(spec: Guarded, principal: Principal, params: Readonly<Record<string, unknown>>): void {
  if (spec.role === 'open' || spec.role === 'any' || principal.role === 'admin') return
  if (principal.role === 'viewer') {
    if (spec.role === 'viewer' || (spec.role === 'tenant' && spec.method === 'GET' && !spec.isSensitive)) return
    throw forbidden(spec, principal)
  }
  if (principal.role !== 'tenant' || spec.role !== 'tenant' || principal.tenantId === undefined) throw forbidden(spec, principal)
  const { tenantId } = params
  if (tenantId !== undefined && tenantId !== principal.tenantId) throw notYours(String(tenantId))
}

const forbidden = (spec: Guarded, principal: Principal): Fault =>
  new Fault('auth.forbidden', `A key of role ${principal.role} may not call ${spec.operationId}`)

const notYours = (tenantId: string): Fault => new Fault('claim.not_found', `Tenant ${tenantId} holds no claim`)
