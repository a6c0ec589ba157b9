import type { ClaimId, ContainerId, KeyId, PoolId, TenantId, WorkloadId } from '@boilerhouse/base'
import type {
  ClaimRecord,
  ClaimState,
  ContainerRecord,
  ContainerState,
  EventRecord,
  KeyRecord,
  PoolRecord,
  WorkloadRecord,
} from '@boilerhouse/resources'

import type { IdempotencyRecord, SeriesPoint } from '../store.ts'
import { createStateIndex, type StateIndex } from './state-index.ts'

/** What outlives a process: several stores over one of these are several servers on one database. */
export interface MemoryData {
  readonly workloads: Map<WorkloadId, WorkloadRecord>
  readonly buildLogs: Map<WorkloadId, string>
  readonly pools: Map<PoolId, PoolRecord>
  readonly containers: Map<ContainerId, ContainerRecord>
  readonly containerIndex: StateIndex<ContainerId, ContainerState>
  readonly claims: Map<ClaimId, ClaimRecord>
  readonly claimIndex: StateIndex<ClaimId, ClaimState>
  readonly liveClaims: Map<TenantId, Map<PoolId, ClaimId>>
  readonly newestClaims: Map<TenantId, Map<PoolId, ClaimId>>
  readonly keys: Map<KeyId, KeyRecord>
  readonly keysByHash: Map<string, KeyId>
  readonly log: EventLog
  readonly leases: Map<string, LeaseRow>
  readonly idempotency: Map<string, IdempotencyRow>
  readonly series: Map<number, Map<string, SeriesPoint>>
  readonly networks: Map<PoolId, string>
}

/** Sequence numbers have no gaps: event `seq` is at `events[seq - firstSeq]`. */
export interface EventLog {
  events: EventRecord[]
  firstSeq: number
  nextSeq: number
  readonly readers: Map<string, number>
  /** One a connected store. */
  readonly wakers: Set<() => void>
}

export interface LeaseRow {
  readonly holder: string | undefined
  readonly fence: number
  readonly counter: number
}

export interface IdempotencyRow {
  readonly bodyHash: string
  readonly startedAt: number
  /** Another with each sign of life. */
  readonly beat: string
  readonly record?: IdempotencyRecord
}

export const createMemoryData = (): MemoryData => ({
  workloads: new Map(),
  buildLogs: new Map(),
  pools: new Map(),
  containers: new Map(),
  containerIndex: createStateIndex(),
  claims: new Map(),
  claimIndex: createStateIndex(),
  liveClaims: new Map(),
  newestClaims: new Map(),
  keys: new Map(),
  keysByHash: new Map(),
  log: { events: [], firstSeq: 1, nextSeq: 1, readers: new Map(), wakers: new Set() },
  leases: new Map(),
  idempotency: new Map(),
  series: new Map(),
  networks: new Map(),
})
