import { Type, type Static } from '@sinclair/typebox'

import { dnsLabel, environmentNamePattern, rfc3339, strict, stringEnum } from './schema.ts'

const containerPath = (description: string) => Type.String({ pattern: '^/', maxLength: 4096, description })
const argv = (description: string) => Type.Array(Type.String({ maxLength: 131_072 }), { minItems: 1, maxItems: 256, description })
const durationMs = (value: number, description: string, minimum = 1) =>
  Type.Integer({ minimum, maximum: 86_400_000, default: value, description })
const port = (description: string) => Type.Integer({ minimum: 1, maximum: 65_535, description })
const accessMode = (value: 'rw' | 'ro') =>
  stringEnum(['rw', 'ro'], { default: value, description: 'Read and write, or read only.' })

const volume = (mode: 'rw' | 'ro', description: string) =>
  Type.Object(
    { containerPath: containerPath('Where it is mounted in the container.'), mode: accessMode(mode) },
    { ...strict, description },
  )

export const HealthCheck = Type.Object(
  {
    command: Type.Optional(argv('Run in the container; exit code 0 passes.')),
    http: Type.Optional(
      Type.Object(
        {
          port: port('Container port.'),
          path: Type.String({ pattern: '^/', default: '/', description: 'A status from 200 to 399 passes.' }),
        },
        { ...strict, description: 'Passes by its status.' },
      ),
    ),
    tcp: Type.Optional(Type.Object({ port: port('Container port.') }, { ...strict, description: 'Passes where it accepts.' })),
    intervalMs: durationMs(30_000, 'Between two probes of a healthy container.', 100),
    timeoutMs: durationMs(5_000, 'One probe fails after this.'),
    retries: Type.Integer({
      minimum: 1,
      maximum: 100,
      default: 3,
      description: 'Failures in a row that make a bound container unhealthy.',
    }),
    startPeriodMs: durationMs(0, 'Failures before this age do not count.', 0),
  },
  { ...strict, description: 'Exactly one of command, http and tcp.' },
)
export type HealthCheck = Static<typeof HealthCheck>

export const WorkloadPort = Type.Object(
  {
    name: dnsLabel({ description: 'Names the endpoint.' }),
    containerPort: port('The port inside.'),
    protocol: stringEnum(['http', 'tcp'], { default: 'http', description: 'The proxy serves http ports.' }),
  },
  strict,
)
export type WorkloadPort = Static<typeof WorkloadPort>

export const Hook = Type.Object(
  {
    command: argv('Run in the container as its user.'),
    timeoutMs: durationMs(10_000, 'The hook fails after this.'),
    onError: stringEnum(['fail', 'continue'], {
      default: 'fail',
      description: 'Whether a failed hook fails the claim or release.',
    }),
  },
  strict,
)
export type Hook = Static<typeof Hook>
const hook = (description: string) => Type.Optional(Type.Unsafe<Hook>({ ...Hook, description }))

export const Volumes = Type.Object(
  {
    state: Type.Optional(volume('rw', "The tenant's files: kept when the container goes, back before the next claim is active.")),
    secrets: Type.Optional(volume('ro', "Where the claim's secrets appear as files, beside /boilerhouse/secrets.")),
    comm: Type.Optional(volume('rw', 'A directory shared with the host, for sockets.')),
    custom: Type.Optional(
      Type.Array(
        Type.Object(
          {
            name: dnsLabel({ description: 'Names the directory.' }),
            containerPath: containerPath('Where it is mounted.'),
            mode: accessMode('rw'),
          },
          strict,
        ),
        { maxItems: 32, description: 'Directories of the container alone; they go with it.' },
      ),
    ),
  },
  strict,
)
export type Volumes = Static<typeof Volumes>

export const Resources = Type.Object(
  {
    cpus: Type.Number({
      minimum: 0.01,
      maximum: 1024,
      default: 1,
      description: 'Cores it may use; at most as many as the host has.',
    }),
    memoryMb: Type.Integer({ minimum: 6, maximum: 16_777_216, default: 512, description: 'No swap beside it; its tmpfs count.' }),
    pids: Type.Integer({ minimum: 4, maximum: 4_194_304, default: 256, description: 'Processes and threads.' }),
    diskMb: Type.Integer({
      minimum: 1,
      maximum: 1_073_741_824,
      default: 1024,
      description: 'A quota where the file system has them; else it is paused above it.',
    }),
    gpus: Type.Optional(Type.Integer({ minimum: 1, maximum: 64, description: 'Only where the engine has them.' })),
  },
  { ...strict, default: {}, description: 'Limits of one container.' },
)
export type Resources = Static<typeof Resources>

export const WorkloadNetwork = Type.Object(
  {
    access: stringEnum(['none', 'unrestricted'], {
      default: 'none',
      description: '`none` has no way out; ports and probes still reach in.',
    }),
    dns: Type.Optional(
      Type.Array(Type.String({ format: 'ipv4' }), { maxItems: 3, description: "Resolvers in place of the engine's." }),
    ),
  },
  { ...strict, default: {}, description: 'Where its packets may go.' },
)

export const Security = Type.Object(
  {
    readOnlyRootFilesystem: Type.Boolean({ default: true, description: 'Only volumes, /tmp and /run can be written.' }),
    runAsUser: Type.Integer({ minimum: 0, maximum: 2_147_483_647, default: 1000, description: 'Uid of all its processes.' }),
    capabilities: Type.Array(Type.String({ pattern: '^[A-Z_]+$' }), {
      maxItems: 64,
      default: [],
      description: 'Added to none, e.g. NET_BIND_SERVICE.',
    }),
    init: Type.Boolean({ default: true, description: 'An init as process 1 that reaps children.' }),
    runtime: Type.Optional(Type.String({ pattern: '^[a-zA-Z0-9._-]{1,64}$', description: 'An OCI runtime the engine has.' })),
    networkMode: Type.Optional(
      Type.String({
        maxLength: 128,
        description: 'none, bridge (= unrestricted); host or a network only where BOILERHOUSE_ALLOW_NETWORKS lists it.',
      }),
    ),
  },
  { ...strict, default: {}, description: 'What it may do; denied unless said.' },
)

export const Idle = Type.Object(
  {
    timeoutMs: Type.Integer({ minimum: 1000, maximum: 2_592_000_000, description: 'Without use for so long, the claim ends.' }),
    action: stringEnum(['release', 'destroy'], { default: 'release', description: 'destroy does not keep its files.' }),
  },
  { ...strict, description: 'Ends a claim that nobody uses. Without it, it stays.' },
)

/** How to run one kind of container. Source of the defaults: design §2.6 and the issue "Warm pools and claims". */
const fields = {
  name: Type.String({ minLength: 1, maxLength: 128, description: 'For people.' }),
  image: Type.Optional(Type.String({ minLength: 1, maxLength: 512, description: 'An image on the host. Exclusive with build.' })),
  build: Type.Optional(
    Type.Object(
      {
        context: Type.String({
          minLength: 1,
          maxLength: 4096,
          description: 'A directory below BOILERHOUSE_WORKLOADS_DIR, relative to it or absolute.',
        }),
        dockerfile: Type.Optional(Type.String({ minLength: 1, maxLength: 4096, description: 'Relative to context.' })),
      },
      { ...strict, description: 'Built on the host. Exclusive with image.' },
    ),
  ),
  entrypoint: Type.Optional(argv("Replaces the image's ENTRYPOINT.")),
  command: Type.Optional(argv("Replaces the image's CMD.")),
  workingDir: Type.Optional(containerPath("Replaces the image's WORKDIR.")),
  volumes: Type.Unsafe<Volumes>({ ...Volumes, default: {}, description: 'What is mounted.' }),
  environment: Type.Record(Type.String({ pattern: environmentNamePattern }), Type.String({ maxLength: 131_072 }), {
    default: {},
    additionalProperties: false,
    description: 'May hold ${tenantId} ${containerId} ${poolId} ${config.a.b} ${secret:NAME} ${env:NAME}.',
  }),
  ports: Type.Array(WorkloadPort, {
    maxItems: 32,
    default: [],
    description: 'Published on loopback, at ports that the engine chooses.',
  }),
  healthCheck: Type.Optional(HealthCheck),
  resources: Resources,
  network: WorkloadNetwork,
  security: Security,
  configSchema: Type.Optional(
    Type.Unsafe<Record<string, unknown>>({
      type: 'object',
      additionalProperties: true,
      description: "JSON Schema of a claim's config. A remote $ref is refused.",
    }),
  ),
  warmth: stringEnum(['running', 'parked'], {
    default: 'running',
    description: "parked: the entrypoint starts at the claim, with the tenant's environment.",
  }),
  hooks: Type.Object(
    {
      postClaim: hook('After each delivery, before the claim is answered.'),
      preRelease: hook('Before the container is stopped.'),
    },
    { ...strict, default: {}, description: 'Commands run in the container.' },
  ),
  idle: Type.Optional(Idle),
  stopTimeoutMs: durationMs(10_000, 'Between SIGTERM and SIGKILL at a release.', 0),
  metadata: Type.Record(Type.String({ maxLength: 128 }), Type.String({ maxLength: 4096 }), {
    default: {},
    description: 'Kept for the caller; not read by us.',
  }),
}

export const WorkloadSpec = Type.Object(fields, strict)
export type WorkloadSpec = Static<typeof WorkloadSpec>

/** Body of POST and PUT. `id` is made from `name` where it is not given. */
export const WorkloadInput = Type.Object(
  { id: Type.Optional(dnsLabel({ description: 'Made from name where it is not given.' })), ...fields },
  strict,
)
export type WorkloadInput = Static<typeof WorkloadInput>

export const workloadStates = ['creating', 'ready', 'error'] as const
export type WorkloadState = (typeof workloadStates)[number]

export const WorkloadStatus = Type.Object({
  state: stringEnum(workloadStates),
  reason: Type.Optional(Type.String({ description: 'Why it is in error, or not ready yet.' })),
  imageId: Type.Optional(Type.String({ description: "The engine's id of the image that containers start from." })),
})
export type WorkloadStatus = Static<typeof WorkloadStatus>

/** As the API shows it. */
export const Workload = Type.Object({
  id: dnsLabel(),
  ...fields,
  status: WorkloadStatus,
  generation: Type.Integer({ description: 'Raised by each change of the spec.' }),
  revision: Type.Integer({ description: 'Raised by each write; the value for If-Match.' }),
  createdAt: rfc3339(),
  updatedAt: rfc3339(),
})
export type Workload = Static<typeof Workload>
