import { Type, type Static } from '@sinclair/typebox'

import { dnsLabel, rfc3339, strict, stringEnum, tenantIdSchema } from './schema.ts'

export const roles = ['admin', 'viewer', 'tenant'] as const
export type Role = (typeof roles)[number]

const fields = {
  name: Type.String({ minLength: 1, maxLength: 128 }),
  role: stringEnum(roles),
  tenantId: Type.Optional(tenantIdSchema({ description: 'Needed for, and only for, role tenant.' })),
  pools: Type.Optional(Type.Array(dnsLabel(), { maxItems: 256, description: 'Pools a tenant key may claim from.' })),
  expiresAt: Type.Optional(rfc3339()),
  requestsPerMinute: Type.Optional(Type.Integer({ minimum: 1, maximum: 10_000_000 })),
}

export const KeyInput = Type.Object(fields, strict)
export type KeyInput = Static<typeof KeyInput>

export const Key = Type.Object({
  id: Type.String(),
  ...fields,
  createdAt: rfc3339(),
  revokedAt: Type.Optional(rfc3339()),
  lastUsedAt: Type.Optional(rfc3339()),
})
export type Key = Static<typeof Key>

/** The answer to POST: the only time the key itself is shown. */
export const KeyCreated = Type.Composite([Key, Type.Object({ key: Type.String() })])
export type KeyCreated = Static<typeof KeyCreated>

/** Who makes a request; resolved once, at the edge. */
export interface Principal {
  readonly kind: 'key' | 'session' | 'service'
  readonly id: string
  readonly role: Role
  readonly projectId: string
  readonly tenantId?: string
  readonly pools?: readonly string[]
}
