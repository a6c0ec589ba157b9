import type { ClaimId, ContainerId, PoolId, TenantId, WorkloadId } from '@boilerhouse/base'
import type { ClaimRecord, ContainerRecord, PoolRecord, PoolSpec, WorkloadRecord, WorkloadSpec } from '@boilerhouse/resources'

/** Rows for tests of plans; every field has a harmless value. */
export const workloadSpec = (changes: Partial<WorkloadSpec> = {}): WorkloadSpec => ({
  name: 'echo',
  image: 'echo:1',
  volumes: {},
  environment: {},
  ports: [],
  resources: { cpus: 1, memoryMb: 64, pids: 64, diskMb: 64 },
  network: { access: 'none' },
  security: { readOnlyRootFilesystem: true, runAsUser: 1000, capabilities: [], init: true },
  warmth: 'running',
  hooks: {},
  stopTimeoutMs: 1_000,
  metadata: {},
  ...changes,
})

export const workloadRow = (changes: Partial<WorkloadRecord> = {}): WorkloadRecord => ({
  id: 'echo' as WorkloadId,
  spec: workloadSpec(),
  status: { state: 'ready', imageId: 'sha256:1' },
  generation: 1,
  revision: 1,
  createdAt: 0,
  updatedAt: 0,
  ...changes,
})

const poolSpec = (changes: Partial<PoolSpec> = {}): PoolSpec => ({
  workloadId: 'echo',
  minSize: 1,
  maxSize: 10,
  idleTimeoutMs: 300_000,
  maxFillConcurrency: 4,
  startDeadlineMs: 60_000,
  reuse: 'never',
  verifyOnClaim: false,
  network: {},
  ...changes,
})

export const poolRow = (spec: Partial<PoolSpec> = {}, changes: Partial<PoolRecord> = {}): PoolRecord => ({
  id: 'pool' as PoolId,
  workloadId: 'echo' as WorkloadId,
  spec: poolSpec(spec),
  status: { phase: 'filling', conditions: [] },
  generation: 1,
  revision: 1,
  createdAt: 0,
  updatedAt: 0,
  ...changes,
})

export const containerRow = (changes: Partial<ContainerRecord> = {}): ContainerRecord => ({
  id: 'c-0' as ContainerId,
  poolId: 'pool' as PoolId,
  workloadId: 'echo' as WorkloadId,
  workloadGeneration: 1,
  state: 'starting',
  health: { status: 'unknown', failures: 0, history: [] },
  onDemand: false,
  revision: 1,
  createdAt: 0,
  updatedAt: 0,
  ...changes,
})

export const claimRow = (changes: Partial<ClaimRecord> = {}): ClaimRecord => ({
  id: 'cl-1' as ClaimId,
  tenantId: 'alice' as TenantId,
  poolId: 'pool' as PoolId,
  workloadId: 'echo' as WorkloadId,
  containerId: 'c-0' as ContainerId,
  state: 'active',
  source: 'pool',
  revision: 1,
  metadata: {},
  secretNames: [],
  losses: [],
  claimedAt: 0,
  lastActivityAt: 0,
  updatedAt: 0,
  ...changes,
})
