import type { ClaimId, ContainerId, KeyId, PoolId, TenantId, WorkloadId } from '@boilerhouse/base'
import type {
  ClaimRecord,
  ClaimSource,
  ClaimState,
  ContainerRecord,
  ContainerState,
  EventInput,
  EventRecord,
  KeyRecord,
  PoolRecord,
  PoolSpec,
  PoolStatusRecord,
  StartedWith,
  WorkloadRecord,
  WorkloadSpec,
  WorkloadStatus,
} from '@boilerhouse/resources'

/**
 * Where truth lives. Every adapter passes `storeConformance`.
 * - Every write is one compare-and-set on one object and, in the same commit, the event it is given. `claims.bind` is the one write
 *   that touches two objects; it leaves at most one live claim per (tenant, pool) and at most one owner per container.
 * - Outcomes that a caller branches on are returned; a store that does not answer throws `store.unavailable`.
 * - A write with `fence` is refused (`store.fenced`) once another holder leads that controller.
 * - A transition that the tables of `resources` do not name throws `machine.unknown_transition`, whatever the object's state.
 * - Reads see every write committed before them. Methods are safe to call at once, from any number of processes.
 * - A write whose outcome is not `ok` (or `bound`) changes nothing and writes no event.
 * - A field that a patch does not name stays; one that it names as `undefined` is cleared. `updatedAt` is the time of the last write.
 * - Lists are ordered by id, byte by byte; claims by (tenant, pool). Times are the process's clock.
 */
export interface Store {
  readonly workloads: WorkloadStore
  readonly pools: PoolStore
  readonly containers: ContainerStore
  readonly claims: ClaimStore
  readonly keys: KeyStore
  readonly events: EventStore
  readonly leases: LeaseStore
  readonly idempotency: IdempotencyStore
  readonly series: SeriesStore
  readonly networks: NetworkStore
  /** Resolves when the store answers; throws `store.unavailable`. */
  ping(signal?: AbortSignal): Promise<void>
  close(): Promise<void>
}

/** Proof of leading a controller; see `LeaseStore`. */
export interface Fence {
  readonly controller: string
  readonly fence: number
}

export interface WriteOptions {
  readonly event?: EventInput
  readonly fence?: Fence
  /** The write may be lost by a crash of the database (never half done): only where repeating it is harmless. */
  readonly lazy?: boolean
}

export type Updated<Kind> =
  | { readonly outcome: 'ok'; readonly record: Kind }
  | { readonly outcome: 'missing' }
  | { readonly outcome: 'conflict'; readonly record: Kind }

export interface Page<Item> {
  readonly items: readonly Item[]
  /** Pass it as `cursor` for the next page; absent on the last. */
  readonly nextCursor?: string
}

export interface PageQuery {
  readonly limit: number
  readonly cursor?: string
}

export interface WorkloadStore {
  /** In state `creating`. */
  create(
    input: { readonly id: WorkloadId; readonly spec: WorkloadSpec },
    options: WriteOptions,
  ): Promise<{ outcome: 'ok'; record: WorkloadRecord } | { outcome: 'exists' }>
  get(id: WorkloadId): Promise<WorkloadRecord | undefined>
  list(query: PageQuery): Promise<Page<WorkloadRecord>>
  /** A new spec: generation + 1, back to `creating`. `conflict` where `expectedRevision` is given and is not the current one. */
  update(
    id: WorkloadId,
    spec: WorkloadSpec,
    options: WriteOptions & { readonly expectedRevision?: number },
  ): Promise<Updated<WorkloadRecord>>
  /** Status of one generation: `conflict` where the spec has changed since. */
  setStatus(id: WorkloadId, generation: number, status: WorkloadStatus, options: WriteOptions): Promise<Updated<WorkloadRecord>>
  /** `in_use` while a pool names it. */
  delete(
    id: WorkloadId,
    options: WriteOptions & { readonly expectedRevision?: number },
  ): Promise<{ outcome: 'ok' | 'missing' | 'in_use' | 'conflict' }>
  /** The text of the last build, its newest 1 MiB kept (gone with the workload); `append` grows it while it runs, `reset` starts anew. */
  appendBuildLog(id: WorkloadId, text: string, options?: { readonly reset?: boolean }): Promise<void>
  buildLog(id: WorkloadId): Promise<string>
}

export interface PoolStore {
  /** In phase `filling`. `no_workload` where the workload does not exist. */
  create(
    input: { readonly id: PoolId; readonly spec: PoolSpec },
    options: WriteOptions,
  ): Promise<{ outcome: 'ok'; record: PoolRecord } | { outcome: 'exists' | 'no_workload' }>
  get(id: PoolId): Promise<PoolRecord | undefined>
  list(query: PageQuery & { readonly workloadId?: WorkloadId }): Promise<Page<PoolRecord>>
  /** A new spec; `workloadId` cannot change (`conflict`), nor can anything once draining. */
  update(id: PoolId, spec: PoolSpec, options: WriteOptions & { readonly expectedRevision?: number }): Promise<Updated<PoolRecord>>
  /** `conflict` where the pool's phase does not lead to the new one; the same phase with other conditions is fine. */
  setStatus(id: PoolId, status: PoolStatusRecord, options: WriteOptions): Promise<Updated<PoolRecord>>
  /** Removes the row; only a draining pool without containers that are not `gone` and without live claims (`conflict`). */
  remove(id: PoolId, options: WriteOptions): Promise<{ outcome: 'ok' | 'missing' | 'conflict' }>
}

export type ContainerPatch = Partial<Pick<ContainerRecord, 'reason' | 'address' | 'health'>>

export interface ContainerQuery extends PageQuery {
  readonly poolId?: PoolId
  readonly tenantId?: TenantId
  /** All but `gone`, where not given. */
  readonly states?: readonly ContainerState[]
}

export type PoolCounts = Readonly<Partial<Record<ContainerState, number>>>

export interface ContainerStore {
  /**
   * In state `starting`. `full` where the pool has `maxSize` live containers already, or all pools together `maxContainers`;
   * `draining` where the pool is; counted and inserted under one lock of the pool, so that no race passes the limit.
   */
  create(
    input: {
      readonly id: ContainerId
      readonly poolId: PoolId
      readonly workloadGeneration: number
      readonly onDemand: boolean
      readonly startedWith?: StartedWith
      readonly maxContainers?: number
    },
    options: WriteOptions,
  ): Promise<{ outcome: 'ok'; record: ContainerRecord } | { outcome: 'full' | 'host_full' | 'draining' | 'no_pool' }>
  get(id: ContainerId): Promise<ContainerRecord | undefined>
  list(query: ContainerQuery): Promise<Page<ContainerRecord>>
  /** Every container of the given states (all but `gone` where not given), without paging: for controllers. */
  all(query?: { readonly poolId?: PoolId; readonly states?: readonly ContainerState[] }): Promise<readonly ContainerRecord[]>
  /** Warm ids of a pool, newest probe first, for the hint. */
  warmIds(poolId: PoolId, limit: number): Promise<readonly ContainerId[]>
  /** Of live containers: `gone` is not counted, a state or pool without any is absent. */
  counts(poolId?: PoolId): Promise<ReadonlyMap<PoolId, PoolCounts>>
  /**
   * `from` is narrowed to what the table allows; entering `warm` sets `warmAt` and clears claim, tenant and `boundAt`. `conflict`
   * carries the record as it is. `bound` is entered by `bind` and `rebind` alone: here it is `machine.unknown_transition`.
   */
  transition(
    id: ContainerId,
    from: readonly ContainerState[],
    to: ContainerState,
    patch: ContainerPatch,
    options: WriteOptions,
  ): Promise<Updated<ContainerRecord>>
  /** Facts that are not a state: address, health, reason. `conflict` where the state is none of `inStates`. */
  patch(
    id: ContainerId,
    inStates: readonly ContainerState[],
    patch: ContainerPatch,
    options: WriteOptions,
  ): Promise<Updated<ContainerRecord>>
  /** Removes rows that have been `gone` since before `beforeMs`; returns how many. */
  prune(beforeMs: number): Promise<number>
}

export interface BindInput {
  readonly claimId: ClaimId
  readonly tenantId: TenantId
  readonly poolId: PoolId
  readonly containerId: ContainerId
  readonly source: ClaimSource
  readonly config?: Readonly<Record<string, unknown>>
  readonly metadata: Readonly<Record<string, string>>
  readonly secretNames: readonly string[]
  readonly sealed?: Uint8Array
  /** When it is bound, and was last used; now, where it is not given: whoever has to name the time before the bind is through gives it. */
  readonly claimedAt?: number
  /** Live claims the tenant may hold over all pools. */
  readonly maxClaims?: number
  /** It has the tenant's files of its workload, which one live claim at a time may. */
  readonly holdsState?: boolean
}

export type BindOutcome =
  | { readonly outcome: 'bound'; readonly claim: ClaimRecord; readonly container: ContainerRecord }
  /** The container is not warm any more: take the next candidate. */
  | { readonly outcome: 'taken' }
  | { readonly outcome: 'exists'; readonly claim: ClaimRecord }
  | { readonly outcome: 'quota'; readonly held: number }
  /** The tenant's files of the workload are with its claim of another pool. */
  | { readonly outcome: 'state_in_use'; readonly claim: ClaimRecord }

export type ClaimPatch = Partial<
  Pick<
    ClaimRecord,
    'reason' | 'revision' | 'config' | 'metadata' | 'secretNames' | 'sealed' | 'losses' | 'lastActivityAt' | 'source'
  >
>

export interface ClaimQuery extends PageQuery {
  readonly tenantId?: TenantId
  readonly poolId?: PoolId
  readonly states?: readonly ClaimState[]
}

export interface ActiveMark {
  readonly claimId: ClaimId
  readonly event: EventInput
}

export interface ClaimStore {
  /**
   * One durable commit: container `warm -> bound`, a new claim `pending` with revision 1, the event. A tenant's own live claim is
   * `exists`, whatever its quota; a container of another pool is `taken`. Of binds of one tenant and workload that hold state, one
   * wins however many run at once.
   */
  bind(input: BindInput, options: WriteOptions): Promise<BindOutcome>
  /**
   * For a claim in `recovering` without a container: container `warm -> bound` to it, in one commit. The claim's state stays. One that
   * has a container, dead or not, is a `conflict`: the tenant's files may be in there.
   */
  rebind(
    claimId: ClaimId,
    containerId: ContainerId,
    options: WriteOptions,
  ): Promise<
    { outcome: 'bound'; claim: ClaimRecord; container: ContainerRecord } | { outcome: 'taken' } | { outcome: 'conflict' }
  >
  get(id: ClaimId): Promise<ClaimRecord | undefined>
  /** The live claim of (tenant, pool). */
  live(tenantId: TenantId, poolId: PoolId): Promise<ClaimRecord | undefined>
  /** Every live claim of a tenant. */
  liveOf(tenantId: TenantId): Promise<readonly ClaimRecord[]>
  /** The newest claim of each (tenant, pool), live or not, by (tenant, pool); `states` asks about that newest one. */
  list(query: ClaimQuery): Promise<Page<ClaimRecord>>
  /** Every claim of the given states (live ones where not given), without paging: for controllers. */
  all(query?: { readonly poolId?: PoolId; readonly states?: readonly ClaimState[] }): Promise<readonly ClaimRecord[]>
  /** Entering `recovering` clears `containerId`. `conflict` too where the claim is not `holding` that container any more. */
  transition(
    id: ClaimId,
    from: readonly ClaimState[],
    to: ClaimState,
    patch: ClaimPatch,
    options: WriteOptions & { readonly holding?: ContainerId },
  ): Promise<Updated<ClaimRecord>>
  /**
   * Marks delivered claims active, each with its event, and clears its reason; returns those that were `pending`, `restoring` or
   * `recovering`. Lazy: a crash of the database may lose marks, and their claims are delivered once more.
   */
  activate(marks: readonly ActiveMark[]): Promise<ReadonlySet<ClaimId>>
  /** A new delivery: `conflict` where the claim's revision is not `expectedRevision` or its state none of `inStates`. */
  patch(
    id: ClaimId,
    inStates: readonly ClaimState[],
    patch: ClaimPatch,
    options: WriteOptions & { readonly expectedRevision?: number },
  ): Promise<Updated<ClaimRecord>>
  /** Raises `lastActivityAt`, never lowers it; many at once; writes no event. */
  touch(activity: ReadonlyMap<ClaimId, number>): Promise<void>
  /** Removes final claims (`released`, `failed`) last written before `beforeMs`; returns how many. */
  prune(beforeMs: number): Promise<number>
}

export interface KeyStore {
  create(record: Omit<KeyRecord, 'createdAt'>, options: WriteOptions): Promise<KeyRecord>
  byHash(hash: string): Promise<KeyRecord | undefined>
  get(id: KeyId): Promise<KeyRecord | undefined>
  list(query: PageQuery): Promise<Page<KeyRecord>>
  /** `conflict` where it was revoked before. */
  revoke(id: KeyId, options: WriteOptions): Promise<Updated<KeyRecord>>
  markUsed(ids: ReadonlyMap<KeyId, number>): Promise<void>
}

export interface EventFilter {
  readonly tenantId?: TenantId
  readonly poolId?: PoolId
  readonly types?: readonly string[]
  readonly subject?: string
  /** Inclusive. */
  readonly fromMs?: number
  /** Exclusive. */
  readonly toMs?: number
}

export interface EventStore {
  /** The cursor after everything that a reader could have seen by now. */
  head(): Promise<string>
  /**
   * Events after `cursor` (from the beginning where empty) in the one total order, only those that no late committer can still
   * precede. Returns the cursor to go on from even where nothing matched. `limit` bounds the events returned. Throws `event.cursor_expired`, `request.invalid`.
   */
  read(query: {
    readonly cursor?: string
    readonly limit: number
    readonly filter?: EventFilter
  }): Promise<{ readonly items: readonly EventRecord[]; readonly cursor: string }>
  /** Newest first, for the activity log. */
  activity(query: PageQuery & { readonly filter?: EventFilter }): Promise<Page<EventRecord>>
  /** For events that go with no other write. */
  append(event: EventInput): Promise<void>
  /** Resolves when something was appended since `seen` (here or in another process), or after `timeoutMs`. */
  wait(seen: number, timeoutMs: number, signal?: AbortSignal): Promise<void>
  /** The number to pass to `wait`, taken before `read`. */
  generation(): number
  /** Removes what is older than `beforeMs`, never what a durable reader has yet to read; returns how many. */
  prune(beforeMs: number): Promise<number>
  readonly readers: {
    get(name: string): Promise<string | undefined>
    set(name: string, cursor: string): Promise<void>
    remove(name: string): Promise<void>
  }
}

/**
 * One leader a controller. `acquire` writes the row when it is free, mine, or its `counter` has stood still for `ttlMs` by this
 * process's own monotonic clock since it was last seen to change; taking it over raises `fence`. Wall clocks never matter.
 */
export interface LeaseStore {
  acquire(
    controller: string,
    holder: string,
    ttlMs: number,
  ): Promise<{ outcome: 'leading'; fence: Fence } | { outcome: 'following'; holder: string }>
  /** Gives the lease up at once, so that the next holder need not wait. */
  release(fence: Fence): Promise<void>
}

export interface IdempotencyRecord {
  readonly status: number
  readonly body: string
}

export interface IdempotencyStore {
  /** `started`: the caller runs the request and calls `finish` or `abandon`. `pending`: another one does. */
  begin(
    scope: string,
    key: string,
    bodyHash: string,
  ): Promise<
    { outcome: 'started' } | { outcome: 'pending' } | { outcome: 'mismatch' } | { outcome: 'done'; record: IdempotencyRecord }
  >
  /** Keeps the answer for the next `begin`. */
  finish(scope: string, key: string, record: IdempotencyRecord): Promise<void>
  /** Forgets a pending one, so that the request may be made again; never a finished one. */
  abandon(scope: string, key: string): Promise<void>
  /** Says that a pending one still runs; its runner does so well within `silentMs` of `takeOver`. No clock has a part in it. */
  renew(scope: string, key: string): Promise<void>
  /**
   * True for exactly one caller where a pending one was not renewed for `silentMs` since this process first asked, by its own monotonic
   * clock: its runner died, and this caller runs it now. The first call of a process never takes over, unless `silentMs` is 0.
   */
  takeOver(scope: string, key: string, silentMs: number): Promise<boolean>
  prune(beforeMs: number): Promise<number>
}

export interface SeriesPoint {
  readonly metric: string
  /** `poolId`, `containerId`, `tenantId`, `source`, … */
  readonly labels: Readonly<Record<string, string>>
  readonly atMs: number
  readonly value: number
}

/** Two resolutions: 10 s points for an hour, 1 min points for 7 days. */
export interface SeriesStore {
  /** A point with the metric, labels and time of an earlier one replaces it. */
  write(stepMs: 10_000 | 60_000, points: readonly SeriesPoint[]): Promise<void>
  /** Points with these labels, whatever others they have, of `fromMs <= atMs < toMs`, by time. */
  read(query: {
    readonly metric: string
    readonly labels: Readonly<Record<string, string>>
    readonly fromMs: number
    readonly toMs: number
    readonly stepMs: 10_000 | 60_000
  }): Promise<readonly SeriesPoint[]>
  prune(stepMs: 10_000 | 60_000, beforeMs: number): Promise<number>
}

/** Which subnet each pool's network has, so that two servers of one database never choose the same. */
export interface NetworkStore {
  all(): Promise<ReadonlyMap<PoolId, string>>
  /** `taken` where another pool holds an equal subnet; the pool's own earlier one is returned as it is. */
  assign(poolId: PoolId, subnet: string): Promise<{ outcome: 'ok'; subnet: string } | { outcome: 'taken' }>
  /** Another subnet for a pool that outgrew its own; `taken` where it is another pool's, `conflict` where `from` is not its subnet. */
  replace(poolId: PoolId, from: string, to: string): Promise<{ outcome: 'ok' | 'taken' | 'conflict' }>
  remove(poolId: PoolId): Promise<void>
}
