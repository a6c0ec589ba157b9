import { Type, type Static } from '@sinclair/typebox'

import { dnsLabel, rfc3339, strict, stringEnum } from './schema.ts'

const fields = {
  name: Type.Optional(Type.String({ minLength: 1, maxLength: 128, description: 'For people.' })),
  workloadId: dnsLabel({ description: 'Cannot change.' }),
  minSize: Type.Integer({ minimum: 0, maximum: 1000, default: 1, description: 'Warm containers to keep.' }),
  maxSize: Type.Integer({ minimum: 1, maximum: 1000, default: 10, description: 'Containers in all, warm and bound.' }),
  idleTimeoutMs: Type.Integer({
    minimum: 0,
    maximum: 2_592_000_000,
    default: 300_000,
    description: 'Warm containers above minSize go after it.',
  }),
  maxFillConcurrency: Type.Integer({ minimum: 1, maximum: 64, default: 4, description: 'Containers started at once.' }),
  startDeadlineMs: Type.Integer({
    minimum: 1000,
    maximum: 3_600_000,
    default: 60_000,
    description: 'A container not warm by then is stuck.',
  }),
  reuse: stringEnum(['never', 'restart'], {
    default: 'never',
    description: 'After a release: replaced, or wiped, restarted and verified.',
  }),
  verifyOnClaim: Type.Boolean({ default: false, description: 'Probe on the claim path too.' }),
  network: Type.Object(
    {
      dns: Type.Optional(
        Type.Array(Type.String({ format: 'ipv4' }), { maxItems: 3, description: "Stands above the workload's." }),
      ),
    },
    { ...strict, default: {}, description: 'Of its containers.' },
  ),
}

export const PoolSpec = Type.Object(fields, strict)
export type PoolSpec = Static<typeof PoolSpec>

/** Body of POST and PUT. `id` is made from `name` where it is not given; one of the two is needed. */
export const PoolInput = Type.Object(
  { id: Type.Optional(dnsLabel({ description: 'Made from name where it is not given.' })), ...fields },
  strict,
)
export type PoolInput = Static<typeof PoolInput>

export const poolPhases = ['filling', 'ready', 'degraded', 'draining'] as const
export type PoolPhase = (typeof poolPhases)[number]

export const Condition = Type.Object({
  type: Type.String({ description: 'e.g. CircuitOpen, Rolling, HostDiskFull, MaxContainers' }),
  reason: Type.String({ description: 'A fault code or a short word.' }),
  message: Type.String(),
  since: rfc3339(),
})
export type Condition = Static<typeof Condition>

export const PoolStatus = Type.Object({
  phase: stringEnum(poolPhases),
  warm: Type.Integer(),
  starting: Type.Integer(),
  bound: Type.Integer(),
  unhealthy: Type.Integer(),
  hitRate: Type.Union([Type.Number(), Type.Null()], {
    description: 'Claims served warm over all claims of the last hour; null where there were none.',
  }),
  conditions: Type.Array(Condition),
})
export type PoolStatus = Static<typeof PoolStatus>

/** As the API shows it. */
export const Pool = Type.Object({
  id: dnsLabel(),
  ...fields,
  status: PoolStatus,
  generation: Type.Integer(),
  revision: Type.Integer(),
  createdAt: rfc3339(),
  updatedAt: rfc3339(),
})
export type Pool = Static<typeof Pool>
