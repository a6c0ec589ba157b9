import type { ClaimId, ContainerId, PoolId, TenantId, WorkloadId } from '@boilerhouse/base'
import {
  createValidator,
  PoolSpec,
  WorkloadSpec,
  type ClaimRecord,
  type ContainerRecord,
  type PoolRecord,
  type WorkloadRecord,
} from '@boilerhouse/resources'

const workloadDefaults = createValidator(WorkloadSpec).parse({ name: 'echo', image: 'echo:1' })
const poolDefaults = createValidator(PoolSpec).parse({ workloadId: 'echo' })

/** Rows for tests of plans; every field has a harmless value, a spec the schema's defaults. */
export const workloadSpec = (changes: Partial<WorkloadSpec> = {}): WorkloadSpec => ({ ...workloadDefaults, ...changes })

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

export const poolRow = (spec: Partial<PoolSpec> = {}, changes: Partial<PoolRecord> = {}): PoolRecord => ({
  id: 'pool' as PoolId,
  workloadId: 'echo' as WorkloadId,
  spec: { ...poolDefaults, ...spec },
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
