import { Type, type Static } from '@sinclair/typebox'

import { Endpoint } from './container.ts'
import { dnsLabel, environmentNamePattern, rfc3339, strict, stringEnum } from './schema.ts'
import { claimStates } from './state-machine.ts'

const jsonObject = (description: string) =>
  Type.Unsafe<Record<string, unknown>>({ type: 'object', additionalProperties: true, description })

/** A secret's bytes: text, or `{ base64 }` for binary ones. */
export const SecretValue = Type.Union([
  Type.String({ maxLength: 1_048_576 }),
  Type.Object({ base64: Type.String({ maxLength: 1_400_000 }) }, strict),
])
export type SecretValue = Static<typeof SecretValue>

/** Names of secrets are names of files: no separator, no leading dot. */
export const secretNamePattern = '^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$'

export const ClaimRequest = Type.Object(
  {
    poolId: dnsLabel(),
    config: Type.Optional(jsonObject("Checked against the workload's configSchema.")),
    secrets: Type.Optional(
      Type.Record(Type.String({ pattern: secretNamePattern }), SecretValue, { additionalProperties: false }),
    ),
    env: Type.Optional(
      Type.Record(Type.String({ pattern: environmentNamePattern }), Type.String(), { additionalProperties: false }),
    ),
    metadata: Type.Optional(Type.Record(Type.String({ maxLength: 128 }), Type.String({ maxLength: 4096 }))),
    waitMs: Type.Integer({ minimum: 0, maximum: 600_000, default: 30_000 }),
    ready: stringEnum(['healthy', 'started'], { default: 'healthy' }),
  },
  strict,
)
export type ClaimRequest = Static<typeof ClaimRequest>

export const claimSources = ['existing', 'pool', 'cold', 'pool+data', 'cold+data'] as const
export type ClaimSource = (typeof claimSources)[number]

/** `<port name>`, and `proxy` (base URL of the tenants' proxy) and `socket` (host directory of the comm volume) beside them. */
export const ClaimEndpoints = Type.Unsafe<Record<string, Endpoint | string>>({ type: 'object', additionalProperties: true })

export const ClaimAnswer = Type.Object({
  tenantId: Type.String(),
  poolId: dnsLabel(),
  containerId: Type.String(),
  claimId: Type.String(),
  state: stringEnum(claimStates),
  source: stringEnum(claimSources),
  revision: Type.Integer({ description: 'Of the delivery.' }),
  endpoints: ClaimEndpoints,
  timings: Type.Record(Type.String(), Type.Number(), { description: 'Phase -> ms; total is the whole.' }),
  claimedAt: rfc3339(),
})
export type ClaimAnswer = Static<typeof ClaimAnswer>

export const ReleaseRequest = Type.Object(
  {
    poolId: Type.Optional(dnsLabel()),
    sync: Type.Optional(Type.Boolean({ description: 'false skips syncs at release; the state volume is kept all the same.' })),
    discard: Type.Optional(Type.Boolean({ description: 'Throws the state volume of this claim away.' })),
    force: Type.Optional(
      Type.Boolean({
        description: 'Ends a release_failed claim; what could not be kept is left on disk and named in the event.',
      }),
    ),
  },
  strict,
)
export type ReleaseRequest = Static<typeof ReleaseRequest>

export const ReleaseAnswer = Type.Object({
  tenantId: Type.String(),
  poolId: dnsLabel(),
  containerId: Type.Optional(Type.String()),
  state: stringEnum(claimStates),
  dataKept: Type.Boolean(),
  timings: Type.Record(Type.String(), Type.Number()),
  releasedAt: rfc3339(),
})
export type ReleaseAnswer = Static<typeof ReleaseAnswer>

/** One live or last claim of a tenant, as lists and `GET /tenants/:tenantId` show it. */
export const TenantClaim = Type.Object({
  claimId: Type.String(),
  poolId: dnsLabel(),
  workloadId: dnsLabel(),
  containerId: Type.Optional(Type.String()),
  state: stringEnum(claimStates),
  reason: Type.Optional(Type.String()),
  source: stringEnum(claimSources),
  revision: Type.Integer(),
  config: Type.Optional(jsonObject('As claimed.')),
  configValid: Type.Boolean(),
  secretNames: Type.Array(Type.String()),
  metadata: Type.Record(Type.String(), Type.String()),
  endpoints: ClaimEndpoints,
  claimedAt: rfc3339(),
  lastActivityAt: rfc3339(),
  idleExpiresAt: Type.Optional(rfc3339()),
})
export type TenantClaim = Static<typeof TenantClaim>

export const Tenant = Type.Object({ tenantId: Type.String(), claims: Type.Array(TenantClaim) })
export type Tenant = Static<typeof Tenant>

export const TenantStatus = Type.Object({
  tenantId: Type.String(),
  assigned: Type.Boolean(),
  poolId: Type.Optional(dnsLabel()),
  containerId: Type.Optional(Type.String()),
  claimId: Type.Optional(Type.String()),
  state: Type.Optional(stringEnum(claimStates)),
  reason: Type.Optional(Type.String()),
  syncStatus: Type.Object({
    lastSync: Type.Optional(rfc3339({ description: 'When its files were last kept.' })),
    pending: Type.Integer(),
    errors: Type.Array(Type.String()),
  }),
  lastActivityAt: Type.Optional(rfc3339()),
  idleExpiresAt: Type.Optional(rfc3339()),
})
export type TenantStatus = Static<typeof TenantStatus>
