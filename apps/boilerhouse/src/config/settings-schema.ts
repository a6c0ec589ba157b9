import { stringEnum } from '@boilerhouse/resources'
import { Type, type Static, type TSchema } from '@sinclair/typebox'

const path = (description: string) => Type.Optional(Type.String({ minLength: 1, maxLength: 4096, description }))
const port = (value: number, description: string) => Type.Integer({ minimum: 0, maximum: 65_535, default: value, description })
const names = (description: string) =>
  Type.Array(Type.String({ minLength: 1, maxLength: 128 }), { maxItems: 256, default: [], description })
const secret = (description: string) => Type.Optional(Type.String({ minLength: 16, maxLength: 1024, description }))
const flag = (description: string) => Type.Boolean({ default: false, description })

const fields = {
  host: Type.String({
    minLength: 1,
    maxLength: 253,
    default: '127.0.0.1',
    description: 'Address that the API and the proxy listen on. Beyond loopback it needs TLS, or `trustProxy`.',
  }),
  port: port(3000, 'Port of the API; 0 takes a free one.'),
  proxyPort: port(3001, "Port of the proxy into tenants' containers, an origin of its own; 0 takes a free one."),
  proxyDomain: Type.Optional(
    Type.String({
      maxLength: 253,
      pattern: '^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$',
      description: 'Domain below which each (tenant, port) has a host name of its own. Without it the proxy uses paths.',
    }),
  ),
  proxyUrl: Type.Optional(
    Type.String({
      maxLength: 300,
      pattern: '^https?://[A-Za-z0-9.:\\[\\]-]+/?$',
      description:
        'Where browsers and programs reach the proxy, e.g. `https://box.example`: `proxy` addresses and tickets begin with it; with `proxyDomain` it gives protocol and port. Default: where it listens.',
    }),
  ),
  dataDir: path(
    'Everything that is kept: database, volumes, kept state, keys. Made with mode 0700. Default: `~/.local/share/boilerhouse`.',
  ),
  hostDataDir: path("The data directory as the engine's host sees it, where the server runs in a container. Default: `dataDir`."),
  slotsDir: path(
    'Where claims are delivered, on a tmpfs. Default: `/run/boilerhouse/<installation>` as root, else `$XDG_RUNTIME_DIR/boilerhouse/<installation>`.',
  ),
  hostSlotsDir: path("The slots directory as the engine's host sees it. Default: `slotsDir`."),
  apiKey: secret(
    'The admin key. Made at the first start and kept in the data directory (`admin.key`, mode 0600) where it is not set.',
  ),
  secretKey: secret(
    'Encrypts secrets at rest. Made at the first start and kept in the data directory (`secret.key`, mode 0600) where it is not set.',
  ),
  databaseUrl: Type.Optional(
    Type.String({
      pattern: '^postgres(ql)?://',
      maxLength: 4096,
      description: 'A Postgres of your own (session connections). Default: the embedded one, in the data directory.',
    }),
  ),
  databaseConnections: Type.Integer({
    minimum: 2,
    maximum: 16,
    default: 12,
    description: 'Connections to the database that this process may hold.',
  }),
  dockerHost: Type.String({
    maxLength: 4096,
    default: 'unix:///var/run/docker.sock',
    description: "The engine's socket. It has to be on this host.",
  }),
  maxContainers: Type.Integer({
    minimum: 1,
    maximum: 100_000,
    default: 1000,
    description: 'Containers of this installation on this host, over all pools.',
  }),
  minFreeMb: Type.Integer({
    minimum: 0,
    maximum: 1_073_741_824,
    default: 1024,
    description: 'Below this much free disk under the data directory nothing new starts.',
  }),
  networkCidr: Type.String({
    pattern: '^(\\d{1,3}\\.){3}\\d{1,3}/\\d{1,2}$',
    default: '10.224.0.0/12',
    description: "Private range that the pools' bridges are cut from.",
  }),
  allowNetworks: names(
    'Values of `security.networkMode` that workloads may ask for besides `none` and `bridge`: `host`, or names of networks.',
  ),
  envAllow: names("Variables of the server's own environment that `${env:NAME}` may read in workloads."),
  workloadsDir: path(
    'YAML files of workloads and pools, applied at start and on change; build contexts lie below it. Default: `workloads` in the data directory.',
  ),
  maxClaimsPerTenant: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: 100_000,
      description: 'Live claims that one tenant may hold over all pools. Default: any number; a quota costs each claim a lock.',
    }),
  ),
  tlsCert: path('PEM certificate chain; with `tlsKey` the API and the proxy speak TLS.'),
  tlsKey: path('PEM private key of `tlsCert`.'),
  trustProxy: flag(
    'A proxy in front of the server ends TLS: allows a bind beyond loopback without a certificate, makes cookies `Secure`, and believes `X-Forwarded-Proto` and `X-Forwarded-For`, which that proxy has to set. It passes `Host` on.',
  ),
  requestsPerMinute: Type.Integer({
    minimum: 1,
    maximum: 10_000_000,
    default: 60_000,
    description: 'Rate limit of a key that has none of its own; the admin key of the settings has none.',
  }),
  eventRetentionDays: Type.Integer({
    minimum: 1,
    maximum: 3650,
    default: 30,
    description: 'How long events are kept; a durable reader that has not read them yet keeps them longer.',
  }),
  maxBodyKb: Type.Integer({ minimum: 64, maximum: 1_048_576, default: 8192, description: 'Largest JSON body of a request.' }),
  maxFileMb: Type.Integer({
    minimum: 1,
    maximum: 1_048_576,
    default: 256,
    description: 'Largest file or archive read from or written into a container by the API.',
  }),
  shutdownTimeoutMs: Type.Integer({
    minimum: 0,
    maximum: 600_000,
    default: 10_000,
    description: 'How long requests in flight may take to end after SIGTERM or Ctrl-C.',
  }),
  busyboxPath: path('The static busybox that is mounted into containers. Default: the one that the set-up put into `.tools`.'),
  logLevel: stringEnum(['debug', 'info', 'warn', 'error'], { default: 'info', description: 'Least level that is logged.' }),
  otlpEndpoint: Type.Optional(
    Type.String({
      pattern: '^https?://',
      maxLength: 2048,
      description: 'OpenTelemetry collector (OTLP over HTTP) that traces go to. Without it none are made.',
    }),
  ),
}

/** Every setting there is, from environment and `boilerhouse.yaml` alike; `docs/configuration.md` is written from it. */
export const SettingsSchema = Type.Object(fields, { additionalProperties: false })
export type Settings = Static<typeof SettingsSchema>
export type SettingName = keyof Settings

/** Names of variables that do not follow from the setting's own name. */
const foreignVariables: Partial<Record<SettingName, string>> = {
  databaseUrl: 'DATABASE_URL',
  dockerHost: 'DOCKER_HOST',
  logLevel: 'LOG_LEVEL',
  otlpEndpoint: 'OTEL_EXPORTER_OTLP_ENDPOINT',
  busyboxPath: 'BOILERHOUSE_BUSYBOX',
}

export const settingNames = Object.keys(fields) as readonly SettingName[]
export const settingSchema = (name: SettingName): TSchema => fields[name]

/** `proxyPort` is read from BOILERHOUSE_PROXY_PORT. */
export const variableOf = (name: SettingName): string =>
  foreignVariables[name] ?? `BOILERHOUSE_${name.replaceAll(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`

/** Never printed, not even in part. */
export const secretSettings: ReadonlySet<SettingName> = new Set(['apiKey', 'secretKey'])

/** Variables of ours that are no settings of the server. */
export const otherVariables: readonly string[] = ['BOILERHOUSE_CONFIG', 'BOILERHOUSE_URL']
