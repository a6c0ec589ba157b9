import type { Clock, Logger, Metrics, SecretBox, Tracer } from '@boilerhouse/base'
import type { ConfigSchemas, WorkloadPort } from '@boilerhouse/resources'
import type { Runtime } from '@boilerhouse/runtime'
import type { EventHub, Store } from '@boilerhouse/store'

import type { Activations } from './activations.ts'
import type { Activity } from './activity.ts'
import type { EngineOutages } from './engine-outages.ts'
import type { Catalogue } from './catalogue.ts'
import type { InFlight } from './in-flight.ts'
import type { Demand } from './wait-for-container.ts'
import type { WarmHints } from './warm-hints.ts'

export interface ClaimsSettings {
  /** Live claims a tenant may hold over all pools; any number where not given, and a bind is then one statement. */
  readonly maxClaimsPerTenant?: number | undefined
  /** Containers on the host in all. */
  readonly maxContainers: number
  /** The server's own variables that `${env:NAME}` may show: the allow list is applied already. */
  readonly environment: Readonly<Record<string, string>>
  /** Where the tenants' proxy answers for a port; undefined where there is no proxy. */
  readonly proxyUrl?: (tenantId: string, poolId: string, port: WorkloadPort) => string | undefined
}

export interface ClaimsDeps {
  readonly store: Store
  /** Started by whoever made it. */
  readonly hub: EventHub
  readonly runtime: Runtime
  readonly clock: Clock
  readonly log: Logger
  readonly metrics: Metrics
  readonly tracer: Tracer
  readonly box: SecretBox
  readonly settings: ClaimsSettings
}

/** The ports, and what this process knows in memory; all of the latter may be lost at any time. */
export interface ClaimsWorld extends ClaimsDeps {
  readonly catalogue: Catalogue
  readonly hints: WarmHints
  readonly demand: Demand
  readonly activations: Activations
  readonly activity: Activity
  readonly configSchemas: ConfigSchemas
  readonly inFlight: InFlight
  readonly outages: EngineOutages
  /** Aborted by `close`. */
  readonly closed: AbortSignal
}
