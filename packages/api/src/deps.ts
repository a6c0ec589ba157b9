import type { Clock, Logger, SecretBox } from '@boilerhouse/base'
import type { Claims } from '@boilerhouse/claims'
import type { Runtime } from '@boilerhouse/runtime'
import type { EventHub, Store } from '@boilerhouse/store'

import type { Authenticator } from './auth/authenticator.ts'
import type { Tickets } from './auth/tickets.ts'
import type { CallsPerKey } from './calls-per-key.ts'
import type { ContainerUsages } from './container-usage.ts'
import type { EventTail } from './events/event-tail.ts'
import type { StreamRegistry } from './events/stream-registry.ts'
import type { HitRates } from './hit-rates.ts'
import type { ApiLimits } from './limits.ts'
import type { PrometheusMetrics } from './prometheus-metrics.ts'
import type { OpenApiDocument } from './openapi.ts'
import type { DoctorReport, Health, SettingView } from './views.ts'

/** What the composition root gives. */
export interface ApiDeps {
  readonly store: Store
  readonly hub: EventHub
  readonly claims: Claims
  readonly runtime: Runtime
  readonly clock: Clock
  readonly log: Logger
  readonly metrics: PrometheusMetrics
  readonly box: SecretBox
  readonly version: string
  /** SHA-256, hex, of the admin key of the settings: the built-in principal `key:admin`. */
  readonly adminKeyHash: string
  /** Every setting with its source; secret values are already redacted. */
  readonly settings: () => readonly SettingView[]
  /** Compares database, engine and slots; with `repair` also mends what can be mended. */
  readonly doctor: (options: { readonly repair: boolean }) => Promise<DoctorReport>
  readonly limits?: Partial<ApiLimits>
  /** Where workloads' build contexts must lie; builds are refused where it is absent. */
  readonly workloadsDir?: string
  /** Networks that `security.networkMode` may name (BOILERHOUSE_ALLOW_NETWORKS). */
  readonly allowNetworks?: readonly string[]
  /** Names of the server's own environment that `${env:NAME}` may read (BOILERHOUSE_ENV_ALLOW). */
  readonly envAllow?: readonly string[]
  /** Origins besides the server's own whose pages may open event streams, e.g. `https://console.example`. */
  readonly allowedOrigins?: readonly string[]
  /** Base URL of the tenants' proxy, e.g. `http://127.0.0.1:3001`; and the domain of its host names. */
  readonly proxy?: { readonly baseUrl: string; readonly domain?: string }
  /** Keys waiting in each controller's queue, for `/stats`. */
  readonly queueDepths?: () => Readonly<Record<string, number>>
}

/** What handlers get: the above and what the API itself keeps. */
export interface RouteDeps extends Omit<ApiDeps, 'limits'> {
  readonly limits: ApiLimits
  readonly auth: Authenticator
  readonly tickets: Tickets
  readonly tail: EventTail
  readonly hitRates: HitRates
  readonly usages: ContainerUsages
  readonly streams: StreamRegistry
  readonly longCalls: CallsPerKey
  readonly startedAtMs: number
  readonly health: () => Promise<Health>
  readonly openapi: () => OpenApiDocument
}
