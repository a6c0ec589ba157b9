import type { ContainerId, PoolId } from '@boilerhouse/base'
import type { ContainerAddress } from '@boilerhouse/resources'

import type { FakeFiles } from './fake-files.ts'
import { defaultBehaviour, type FakeBehaviour } from './fake-behaviour.ts'
import type {
  ContainerPhase,
  ContainerSpec,
  ContainerStats,
  Delivery,
  ImageFacts,
  LogLine,
  NetworkSpec,
  StateKey,
} from '../runtime.ts'

export interface FakeContainer {
  readonly spec: ContainerSpec
  readonly address: ContainerAddress
  readonly logs: LogLine[]
  /** Woken by each line and by the exit: followers of the log. */
  readonly logReaders: Set<() => void>
  readonly scratch: FakeFiles
  phase: ContainerPhase
  exitCode?: number
  oomKilled?: boolean
  isConnected: boolean
  stats: ContainerStats
}

export interface FakeSlot {
  /** The newest. */
  delivery?: Delivery
  /** `parked`: the entrypoint runs. */
  isStarted: boolean
}

export interface FakeKept {
  /** By entry's name below the state volume; each holds its files by the rest of the path (empty for a file). */
  readonly entries: Map<string, FakeFiles>
  /** Set while a restore runs, so that a kill in the middle is seen by the next call. */
  restoringTo?: ContainerId
  /** Set while a keep runs, or where one did not end: what it took from where. */
  keepingFrom?: { readonly containerId: ContainerId; readonly names: Set<string> }
}

/** What one installation has on the host; it outlives any runtime that is opened on it. */
export interface FakeInstallation {
  readonly containers: Map<ContainerId, FakeContainer>
  readonly slots: Map<ContainerId, FakeSlot>
  /** The state volumes: entries as in `FakeKept`. */
  readonly volumes: Map<ContainerId, Map<string, FakeFiles>>
  readonly networks: Map<PoolId, NetworkSpec>
  readonly kept: Map<string, FakeKept>
  /** Every runtime that is open on this installation. */
  readonly watchers: Set<FakeWatcher>
}

export interface FakeWatcher {
  onContainer(containerId: ContainerId): void
  onConnection(isConnected: boolean): void
}

/** The host and its engine: images, and installations that do not see each other. Survives the runtimes, as a real one does. */
export interface FakeEngine {
  readonly images: Map<string, ImageFacts>
  readonly installations: Map<string, FakeInstallation>
  readonly behaviour: FakeBehaviour
  isConnected: boolean
  freeMb: number
  nextPort: number
}

export const createFakeEngine = (): FakeEngine => ({
  images: new Map(),
  installations: new Map(),
  behaviour: defaultBehaviour(),
  isConnected: true,
  freeMb: 100_000,
  nextPort: 20_000,
})

export function fakeInstallation(engine: FakeEngine, id: string): FakeInstallation {
  const found = engine.installations.get(id)
  if (found) return found
  const made: FakeInstallation = {
    containers: new Map(),
    slots: new Map(),
    volumes: new Map(),
    networks: new Map(),
    kept: new Map(),
    watchers: new Set(),
  }
  engine.installations.set(id, made)
  return made
}

/** JSON, because ids may hold any separator. */
export const keptName = (key: StateKey): string => JSON.stringify([key.tenantId, key.workloadId])
