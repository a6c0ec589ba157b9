import { Type, type Static } from '@sinclair/typebox'

import { dnsLabel, rfc3339, stringEnum } from './schema.ts'
import { containerStates } from './state-machine.ts'

export const ProbeRecord = Type.Object({
  at: rfc3339(),
  ok: Type.Boolean(),
  durationMs: Type.Number(),
  detail: Type.Optional(Type.String()),
})
export type ProbeRecord = Static<typeof ProbeRecord>

export const Endpoint = Type.Object({
  host: Type.String(),
  port: Type.Integer(),
  url: Type.Optional(Type.String({ description: 'For http ports.' })),
})
export type Endpoint = Static<typeof Endpoint>

/** As the API shows it. */
export const Container = Type.Object({
  id: Type.String(),
  poolId: dnsLabel(),
  workloadId: dnsLabel(),
  workloadGeneration: Type.Integer(),
  state: stringEnum(containerStates),
  reason: Type.Optional(Type.String()),
  tenantId: Type.Optional(Type.String()),
  claimId: Type.Optional(Type.String()),
  endpoints: Type.Record(Type.String(), Endpoint),
  health: Type.Object({
    status: stringEnum(['unknown', 'passing', 'failing']),
    failures: Type.Integer({ description: 'In a row.' }),
    history: Type.Array(ProbeRecord, { description: 'Newest first, at most 20.' }),
  }),
  revision: Type.Integer(),
  createdAt: rfc3339(),
  warmAt: Type.Optional(rfc3339()),
  boundAt: Type.Optional(rfc3339()),
})
export type Container = Static<typeof Container>

export const ContainerUsage = Type.Object({
  cpuCores: Type.Number({ description: 'Cores in use, averaged since the last sample.' }),
  memoryBytes: Type.Number(),
  networkRxBytes: Type.Number({ description: 'Since the container started.' }),
  networkTxBytes: Type.Number(),
  diskBytes: Type.Optional(Type.Number()),
  at: rfc3339(),
})
export type ContainerUsage = Static<typeof ContainerUsage>

export const ContainerDetail = Type.Composite([Container, Type.Object({ usage: Type.Optional(ContainerUsage) })])
export type ContainerDetail = Static<typeof ContainerDetail>
