import type { ClaimId, ContainerId, PoolId, TenantId, WorkloadId } from '@boilerhouse/base'
import type { ContainerAddress, HealthCheck, WorkloadSpec } from '@boilerhouse/resources'

/** What a runtime can do beyond the contract; callers read this, never which runtime it is. */
export interface RuntimeCapabilities {
  readonly name: string
  readonly exec: boolean
  readonly logs: boolean
  readonly stats: boolean
  readonly files: boolean
  readonly build: boolean
  /** OCI runtimes the engine has, for `security.runtime`. */
  readonly ociRuntimes: readonly string[]
  readonly gpus: boolean
  /** Of the host: no container may have more. Any number where it is not there. */
  readonly cpus?: number
  readonly diskLimit: 'quota' | 'measured' | 'none'
  /** False where volumes of that user cannot be prepared: see `workload.user_not_preparable`. */
  canPrepareUser(uid: number): boolean
}

/** Everything a container is started from. Equal specs give equal containers; no tenant's value is in it. */
export interface ContainerSpec {
  readonly containerId: ContainerId
  readonly poolId: PoolId
  readonly workloadId: WorkloadId
  readonly workloadGeneration: number
  readonly workload: WorkloadSpec
  /** The engine's id of the image, as `inspectImage` or `build` said. */
  readonly imageId: string
  /** With `${containerId}`, `${poolId}` and `${env:…}` filled in; for `parked` only what needs no tenant. */
  readonly environment: Readonly<Record<string, string>>
  readonly dns?: readonly string[]
  /** `maxSize` of the pool's network that it joins. */
  readonly networkSize?: number
}

/**
 * The pool's network, made before its first container and kept until its last is gone. One of another access, or made for more
 * containers, stands beside the former one until that is empty.
 */
export interface NetworkSpec {
  readonly poolId: PoolId
  readonly access: WorkloadSpec['network']['access'] | 'host' | { readonly named: string }
  readonly maxSize: number
  /** CIDR, as the store assigned it; where it is taken by the time the network is made, another one is. */
  readonly subnet: string
}

export type ContainerPhase = 'created' | 'running' | 'paused' | 'exited' | 'dead'

export interface RuntimeContainer {
  readonly containerId: ContainerId
  readonly poolId: PoolId
  readonly workloadId: WorkloadId
  readonly workloadGeneration: number
  readonly phase: ContainerPhase
  readonly exitCode?: number
  readonly oomKilled?: boolean
  readonly address?: ContainerAddress
  /** False where its network was taken away from outside. */
  readonly isConnected: boolean
}

export type RuntimeChange =
  /** Look at this container again; says nothing else. */
  | { readonly kind: 'container'; readonly containerId: ContainerId }
  /** The engine went away. Nobody is unhealthy or lost until `connected`. */
  | { readonly kind: 'disconnected' }
  /** The engine answers (again): look at everything; changes may have been missed. */
  | { readonly kind: 'connected' }

/** What a claim brings into a container. Written whole each time; `(claimId, revision)` names it. */
export interface Delivery {
  readonly claimId: ClaimId
  readonly revision: number
  readonly tenantId: TenantId
  readonly poolId: PoolId
  readonly containerId: ContainerId
  readonly config: Readonly<Record<string, unknown>>
  readonly metadata: Readonly<Record<string, string>>
  readonly secrets: ReadonlyMap<string, Uint8Array>
  readonly claimedAt: string
  /** `parked` only: the whole environment to start the entrypoint with. */
  readonly start?: { readonly environment: Readonly<Record<string, string>> }
}

export interface Delivered {
  /** False where this very delivery was there already. */
  readonly isNew: boolean
  /** `parked`: the entrypoint runs. `running`: true. */
  readonly isStarted: boolean
}

export interface ExecRequest {
  readonly command: readonly string[]
  readonly timeoutMs: number
  readonly stdin?: Uint8Array
  readonly workingDir?: string
  /** stdout and stderr are each cut after this. */
  readonly maxOutputBytes: number
}

export interface ExecResult {
  /** The command's own; 127 where the container has no such command, 126 where it cannot be run: then `stderr` says why. */
  readonly exitCode: number
  readonly stdout: Uint8Array
  readonly stderr: Uint8Array
  readonly truncated: boolean
}

export interface LogLine {
  readonly stream: 'stdout' | 'stderr'
  /** RFC 3339, as the engine wrote it. */
  readonly time: string
  readonly text: string
}

export interface ContainerStats {
  /** Since the container started; sample twice for a rate. */
  readonly cpuSeconds: number
  readonly memoryBytes: number
  readonly networkRxBytes: number
  readonly networkTxBytes: number
  /** Both ways; tells ARP alone (under 50 bytes a packet) from traffic. */
  readonly networkPackets: number
  readonly diskBytes?: number
}

export interface ProbeResult {
  readonly ok: boolean
  readonly durationMs: number
  readonly detail?: string
}

export interface ImageFacts {
  readonly imageId: string
  readonly entrypoint: readonly string[]
  readonly command: readonly string[]
  readonly workingDir: string
  readonly environment: Readonly<Record<string, string>>
  readonly exposedPorts: readonly number[]
  readonly user: string
}

/** Where a tenant's files rest between claims. Issue 4 replaces the kept directory by generations; this contract stays. */
export interface StateKey {
  readonly tenantId: TenantId
  readonly workloadId: WorkloadId
}

/**
 * Saves and restores beside a container's volumes; callers never see a path. All are journalled and resumable: a kill at any step
 * loses nothing, and calling again finishes what was begun. Only one of them runs at a time for a key (the caller's duty).
 */
export interface VolumeAgent {
  /** Puts kept files into the `state` volume. Throws `state.restore_failed` and leaves them kept. */
  restore(key: StateKey, signal: AbortSignal): Promise<{ readonly restored: boolean }>
  /** Keeps what the `state` volume holds. The container is stopped. Undoes a half-done restore first. */
  keep(key: StateKey, signal: AbortSignal): Promise<{ readonly kept: boolean }>
  /**
   * Gives up what the `state` volume holds: what a keep that did not end had taken goes back into it, and all of it with the container.
   * The container is stopped. Throws `state.keep_failed`, and leaves everything where it is.
   */
  discard(key: StateKey, signal: AbortSignal): Promise<void>
}

/** What the engine and the host hold of ours, for `doctor`. */
export interface RuntimeInventory {
  readonly containers: readonly ContainerId[]
  readonly networks: readonly PoolId[]
  readonly slots: readonly ContainerId[]
  readonly volumes: readonly ContainerId[]
  /** Empty where the walls stand. */
  readonly firewallDifferences: readonly string[]
  readonly warnings: readonly string[]
}

/**
 * Where containers run. Every adapter passes `runtimeConformance`.
 * - Methods are idempotent by `containerId` (or `poolId`) and safe to call at once for different ones.
 * - `ensure` resolves once the container runs, not once it is healthy; `watch` and `probe` tell the rest.
 * - Only containers with our labels and this installation's id are ever seen or touched.
 * - Failures are Faults with a `runtime.*` code (`runtime.unavailable` where the engine does not answer). `signal` aborts promptly.
 */
export interface Runtime {
  readonly capabilities: RuntimeCapabilities
  /** Makes the pool's network and its walls; nothing starts without them. */
  ensureNetwork(spec: NetworkSpec, signal: AbortSignal): Promise<void>
  destroyNetwork(poolId: PoolId, signal: AbortSignal): Promise<void>
  /** The subnet for a new pool of this size that neither the host's routes nor `taken` overlap; `pool.network_exhausted`. */
  chooseSubnet(maxSize: number, taken: readonly string[], signal: AbortSignal): Promise<string>
  /** Creates and starts; a container that exists is left as it is. Resolves to where it answers. */
  ensure(spec: ContainerSpec, signal: AbortSignal): Promise<RuntimeContainer>
  /** SIGTERM, then SIGKILL after `timeoutMs`; the container stays. One that is gone or stopped is fine. */
  stop(containerId: ContainerId, timeoutMs: number, signal: AbortSignal): Promise<void>
  pause(containerId: ContainerId, signal: AbortSignal): Promise<void>
  unpause(containerId: ContainerId, signal: AbortSignal): Promise<void>
  /** Removes container, slot and volumes (not what was kept). One that is gone is fine. */
  destroy(containerId: ContainerId, signal: AbortSignal): Promise<void>
  get(containerId: ContainerId, signal: AbortSignal): Promise<RuntimeContainer | undefined>
  list(signal: AbortSignal): Promise<readonly RuntimeContainer[]>
  /** Begins with `connected` once the engine answers; ends when `signal` aborts; reconnects by itself. */
  watch(signal: AbortSignal): AsyncIterable<RuntimeChange>
  /**
   * Makes a delivery ready beside a container that nothing was delivered to yet, while its claim is being bound, so that little is left for
   * `deliver`. The container sees nothing of it, nor does another process that stages for it too; it may never be delivered, and the next
   * one replaces it. Never throws, never waits.
   */
  stage?(containerId: ContainerId, delivery: Delivery): void
  /** Takes back what is staged: the claim was not bound, and the container may be another tenant's. Where nothing is, does nothing. */
  unstage?(containerId: ContainerId): void
  /** Hands over config, secrets and env. Idempotent by (claimId, revision). Makes no engine call on Docker. */
  deliver(containerId: ContainerId, delivery: Delivery, signal: AbortSignal): Promise<Delivered>
  /** One probe, ended after `check.timeoutMs`; a probe that fails is a result, an engine that does not answer throws. */
  probe(containerId: ContainerId, address: ContainerAddress, check: HealthCheck, signal: AbortSignal): Promise<ProbeResult>
  volumes(containerId: ContainerId): VolumeAgent
  /** `runtime.image_not_found` where it is not on the host. */
  inspectImage(image: string, signal: AbortSignal): Promise<ImageFacts>
  /** Builds from a directory of the host; `onLog` gets the log as it comes. Throws `runtime.build_failed`. */
  build(
    input: {
      readonly workloadId: WorkloadId
      readonly context: string
      readonly dockerfile?: string
      readonly onLog: (text: string) => void
    },
    signal: AbortSignal,
  ): Promise<ImageFacts>
  exec(containerId: ContainerId, request: ExecRequest, signal: AbortSignal): Promise<ExecResult>
  logs(
    containerId: ContainerId,
    query: { readonly tail: number; readonly follow: boolean },
    signal: AbortSignal,
  ): AsyncIterable<LogLine>
  /** Of every running container, cheaply (no engine call where the host tells). */
  stats(containerIds: readonly ContainerId[], signal: AbortSignal): Promise<ReadonlyMap<ContainerId, ContainerStats>>
  /** A file's bytes, or a directory as tar, as the container's user sees it. `container.file_not_found`, `container.file_denied`. */
  readFile(
    containerId: ContainerId,
    path: string,
    signal: AbortSignal,
  ): Promise<{ readonly kind: 'file' | 'directory'; readonly sizeBytes?: number; readonly body: ReadableStream<Uint8Array> }>
  writeFile(
    containerId: ContainerId,
    path: string,
    body: ReadableStream<Uint8Array>,
    limitBytes: number,
    signal: AbortSignal,
  ): Promise<{ readonly sizeBytes: number }>
  /**
   * Unpacks a tar into a directory, which is made where only it is missing; what is there beside the archive's entries stays. Nothing
   * changes before the whole archive came. `request.malformed` where it is none.
   */
  writeDirectory: Runtime['writeFile']
  /** Free space where volumes and images lie, in MB; the smaller one. */
  freeMb(signal: AbortSignal): Promise<number>
  /** What is there of ours, for `doctor` and for removing what nobody knows. */
  inventory(signal: AbortSignal): Promise<RuntimeInventory>
  /**
   * Removes slots, volumes, containers and networks that the newest `inventory` of this runtime showed and nobody knows; without
   * one, nothing. Take the inventory, then read whom you know, then sweep: what is made in between is in no danger.
   */
  sweep(
    known: { readonly containers: ReadonlySet<ContainerId>; readonly pools: ReadonlySet<PoolId> },
    signal: AbortSignal,
  ): Promise<readonly string[]>
  /** Version and warnings (no live-restore, no quota) for `/health`. Throws `runtime.unavailable`. */
  ping(signal: AbortSignal): Promise<{ readonly version: string; readonly warnings: readonly string[] }>
  close(): Promise<void>
}
