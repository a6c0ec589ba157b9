import { Type, type Static } from '@sinclair/typebox'

import { rfc3339, stringEnum } from './schema.ts'

/** Every type of event there is. A type never changes its meaning; `version` is raised where `data` changes its shape. */
export const eventTypes = [
  'container.created',
  'container.warm',
  'container.claimed',
  'container.released',
  'container.unhealthy',
  'container.lost',
  'container.failed',
  'container.resetting',
  'container.quarantined',
  'container.draining',
  'container.destroyed',
  'container.disk_exceeded',
  'container.exec',
  'claim.restoring',
  'claim.active',
  'claim.updated',
  'claim.recovering',
  'claim.releasing',
  'claim.released',
  'claim.release_failed',
  'claim.failed',
  'claim.circuit_open',
  'claim.idle',
  'pool.created',
  'pool.updated',
  'pool.scaled',
  'pool.phase',
  'pool.warning',
  'pool.draining',
  'pool.deleted',
  'workload.created',
  'workload.updated',
  'workload.ready',
  'workload.error',
  'workload.deleted',
  'key.created',
  'key.revoked',
  'server.started',
  'server.stopping',
  'runtime.disconnected',
  'runtime.connected',
] as const
export type EventType = (typeof eventTypes)[number]

/** As streams and the activity log show it. `cursor` is what to resume after. */
export const Event = Type.Object({
  cursor: Type.String({ description: 'Opaque; pass it to resume after this event.' }),
  seq: Type.Integer(),
  type: stringEnum(eventTypes),
  version: Type.Integer(),
  time: rfc3339(),
  actor: Type.String({ description: '`key:<id>`, `controller:<kind>`, `server`' }),
  subject: Type.String({ description: '`<kind>/<id>`' }),
  tenantId: Type.Optional(Type.String()),
  poolId: Type.Optional(Type.String()),
  containerId: Type.Optional(Type.String()),
  claimId: Type.Optional(Type.String()),
  revision: Type.Optional(Type.Integer()),
  correlationId: Type.Optional(Type.String()),
  data: Type.Unsafe<Record<string, unknown>>({ type: 'object', additionalProperties: true }),
})
export type Event = Static<typeof Event>
