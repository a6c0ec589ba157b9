import { Fault, type PoolId, type TenantId } from '@boilerhouse/base'
import { dnsLabel, eventTypes, stringEnum, tenantIdSchema, type EventRecord, type Principal } from '@boilerhouse/resources'
import type { EventFilter } from '@boilerhouse/store'
import { Type, type Static } from '@sinclair/typebox'

export const eventFilterParams = {
  tenant: Type.Optional(tenantIdSchema()),
  pool: Type.Optional(dnsLabel()),
  type: Type.Optional(
    Type.Array(stringEnum(eventTypes), { maxItems: eventTypes.length, description: 'Several times, or once with commas.' }),
  ),
}

export const EventStreamQuery = Type.Object(
  {
    ...eventFilterParams,
    cursor: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 512,
        description: 'Go on after this event; without it, with what happens from now on.',
      }),
    ),
    ticket: Type.Optional(Type.String({ maxLength: 2048, description: 'A one-use ticket, in place of a key.' })),
  },
  { additionalProperties: false },
)
export type EventStreamQuery = Static<typeof EventStreamQuery>

/** What was asked for, narrowed to what the key may see: a tenant's key its own tenant's, whatever it asks for. */
export function toEventFilter(
  query: { readonly tenant?: string; readonly pool?: string; readonly type?: readonly string[] },
  principal: Principal,
): EventFilter | 'nothing' {
  const isTenant = principal.role === 'tenant'
  if (isTenant && (principal.tenantId === undefined || (query.tenant ?? principal.tenantId) !== principal.tenantId))
    return 'nothing'
  const tenantId = isTenant ? principal.tenantId : query.tenant
  return {
    ...(tenantId !== undefined && { tenantId: tenantId as TenantId }),
    ...(query.pool !== undefined && { poolId: query.pool as PoolId }),
    ...(query.type !== undefined && { types: query.type }),
  }
}

/** The same rule as the store's, for live events. */
export const matches = (filter: EventFilter, event: EventRecord): boolean =>
  (filter.tenantId === undefined || event.tenantId === filter.tenantId) &&
  (filter.poolId === undefined || event.poolId === filter.poolId) &&
  (filter.types === undefined || filter.types.includes(event.type))

/** Another tenant's events are not there for this key; the answer does not tell whether that tenant is. */
export const forbiddenTenant = (): Fault => new Fault('claim.not_found', 'There are no events of this tenant')
