import {
  Container,
  ContainerDetail,
  dnsLabel,
  Event,
  Key,
  Pool,
  rfc3339,
  Tenant,
  tenantIdSchema,
  Workload,
} from '@boilerhouse/resources'
import { Type, type Static, type TSchema } from '@sinclair/typebox'

const record = <Value extends TSchema>(value: Value, description: string) => Type.Record(Type.String(), value, { description })

export const pageOf = <Item extends TSchema>(item: Item) =>
  Type.Object({
    items: Type.Array(item),
    nextCursor: Type.Optional(Type.String({ description: 'Pass it as `cursor` for the next page; absent on the last.' })),
  })

export const WorkloadPage = pageOf(Workload)
export const PoolPage = pageOf(Pool)
export const ContainerPage = pageOf(Container)
export const TenantPage = pageOf(Tenant)
export const KeyPage = pageOf(Key)
export const EventPage = pageOf(Event)
export { ContainerDetail }

export const DependencyHealth = Type.Object({
  name: Type.String(),
  status: Type.Unsafe<'ok' | 'warning' | 'down'>({ type: 'string', enum: ['ok', 'warning', 'down'] }),
  latencyMs: Type.Number(),
  detail: Type.Optional(Type.String()),
})
export type DependencyHealth = Static<typeof DependencyHealth>

export const Health = Type.Object({
  status: Type.Unsafe<'ok' | 'degraded' | 'down'>({
    type: 'string',
    enum: ['ok', 'degraded', 'down'],
    description: 'down: the database does not answer; degraded: something else does not.',
  }),
  version: Type.String(),
  uptimeMs: Type.Integer(),
  dependencies: Type.Array(DependencyHealth),
})
export type Health = Static<typeof Health>

export const Stats = Type.Object({
  uptimeMs: Type.Integer(),
  workloads: Type.Integer(),
  pools: Type.Integer(),
  containers: record(Type.Integer(), 'By state, of all pools.'),
  containersByPool: record(record(Type.Integer(), 'By state.'), 'By pool.'),
  claims: record(Type.Integer(), 'Live ones by state.'),
  hitRates: record(Type.Unsafe<number | null>({ type: ['number', 'null'] }), 'By pool, of the last hour.'),
  eventStreams: Type.Integer(),
  queueDepths: record(Type.Integer(), 'Keys waiting, by controller.'),
  memoryBytes: Type.Integer(),
})
export type Stats = Static<typeof Stats>

export const SettingView = Type.Object({
  name: Type.String(),
  value: Type.Unsafe<unknown>({ description: 'Redacted where it is a secret.' }),
  source: Type.String({ description: '`default`, `environment`, `file` or `generated`' }),
  description: Type.Optional(Type.String()),
})
export type SettingView = Static<typeof SettingView>
export const Settings = Type.Object({ items: Type.Array(SettingView) })

/** What `doctor` found. The app's own report may say more. */
export const DoctorReport = Type.Unsafe<object>({
  type: 'object',
  additionalProperties: true,
  description: 'Every difference between database, engine, network and slots, with what mends it.',
})
export type DoctorReport = Static<typeof DoctorReport>

export const Series = Type.Object({
  metric: Type.String(),
  stepMs: Type.Integer(),
  items: Type.Array(
    Type.Object({
      labels: record(Type.String(), 'e.g. pool, container, tenant, source'),
      points: Type.Array(Type.Object({ at: rfc3339(), value: Type.Number() })),
    }),
  ),
})
export type Series = Static<typeof Series>

export const ExecAnswer = Type.Object({
  exitCode: Type.Integer(),
  stdout: Type.String(),
  stderr: Type.String(),
  truncated: Type.Boolean({ description: 'An output was longer than the limit and is cut.' }),
})
export type ExecAnswer = Static<typeof ExecAnswer>

export const LogLineView = Type.Object({
  stream: Type.Unsafe<'stdout' | 'stderr'>({ type: 'string', enum: ['stdout', 'stderr'] }),
  time: rfc3339(),
  text: Type.String(),
})
export type LogLineView = Static<typeof LogLineView>

export const FileWritten = Type.Object({ path: Type.String(), sizeBytes: Type.Integer() })
export const Ticket = Type.Object({
  ticket: Type.String({ description: 'Works once.' }),
  url: Type.Optional(Type.String({ description: 'Open it in a browser.' })),
  expiresAt: rfc3339(),
})
export type Ticket = Static<typeof Ticket>

export const ImageView = Type.Object({
  imageId: Type.String(),
  entrypoint: Type.Array(Type.String()),
  command: Type.Array(Type.String()),
  workingDir: Type.String(),
  environmentNames: Type.Array(Type.String()),
  exposedPorts: Type.Array(Type.Integer()),
  user: Type.String(),
})

export const IdParam = Type.Object({ id: Type.String({ minLength: 1, maxLength: 256 }) })
export const TenantParam = Type.Object({ tenantId: tenantIdSchema() })
export const PageParams = {
  limit: Type.Integer({ minimum: 1, maximum: 500, default: 50 }),
  cursor: Type.Optional(Type.String({ minLength: 1, maxLength: 512 })),
}
export const PageQueryParams = Type.Object(PageParams, { additionalProperties: false })
export const PoolRef = Type.Object({ poolId: Type.Optional(dnsLabel()) }, { additionalProperties: false })
