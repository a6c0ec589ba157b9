import type { Clock, Logger, Metrics } from '@boilerhouse/base'
import type { Claims } from '@boilerhouse/claims'
import type { Runtime } from '@boilerhouse/runtime'
import type { CatalogueCache, EventHub, Store } from '@boilerhouse/store'

import type { EngineView } from './container/engine-view.ts'
import type { HostDisk } from './host/host-disk.ts'
import type { Leadership } from './lease/lead.ts'
import type { PoolNetworks } from './network/pool-networks.ts'
import type { WakeOptions } from './queue/work-queue.ts'
import type { Activity } from './sampler/activity.ts'

export interface ControllerSettings {
  /** Containers on the host in all. */
  readonly maxContainers: number
  readonly minFreeMb: number
  readonly leaseTtlMs: number
  /** Build contexts lie below it, links included. */
  readonly workloadsDir: string
  /** Values of `security.networkMode` beside none and bridge that workloads may use. */
  readonly allowNetworks: readonly string[]
  /** The server's own variables that `${env:NAME}` may show: the allow list is applied already. */
  readonly environment: Readonly<Record<string, string>>
  /** The safety net under the events; 10 s where not given. */
  readonly resyncMs?: number
  /** Between two looks at the containers' counters; 5 s where not given. */
  readonly sampleMs?: number
  /** Engine starts and removals at once, over all pools; 8 where not given. */
  readonly engineConcurrency?: number
  /** How long final rows and events are kept; 7 days where not given. */
  readonly retentionMs?: number
}

export interface ControllerDeps {
  readonly store: Store
  readonly hub: EventHub
  readonly runtime: Runtime
  readonly claims: Claims
  readonly clock: Clock
  readonly log: Logger
  readonly metrics: Metrics
  readonly settings: ControllerSettings
  /** Names this process in the lease rows. */
  readonly holder: string
}

export const controllerKinds = ['workload', 'pool', 'container', 'claim', 'retention'] as const
export type ControllerKind = (typeof controllerKinds)[number]

/** What a controller works with during one term: the ports, the proof of leading, and what the process knows in memory. */
export interface Term extends ControllerDeps {
  readonly leadership: Leadership
  readonly engine: EngineView
  readonly networks: PoolNetworks
  readonly disk: HostDisk
  readonly catalogue: CatalogueCache
  readonly activity: Activity
  wake(kind: ControllerKind, key: string, options?: WakeOptions): void
}

/** One controller while it leads. */
export interface RunningController {
  wake(key: string, options?: WakeOptions): void
  /** Wakes every key that may need a look; `isFull`, at the start of a term and after the engine came back: every key there is. */
  resync(isFull: boolean): Promise<void>
  depth(): number
  running(): number
  stop(): Promise<void>
}

export const actorOf = (kind: ControllerKind): string => `controller:${kind}`
