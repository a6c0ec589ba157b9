import type { ClaimRecord, ContainerRecord, EventRecord, KeyRecord, PoolRecord, WorkloadRecord } from '@boilerhouse/resources'
import type { Row } from 'postgres'

/** Rows come from our own schema: their fields are trusted to have the types that the record has under the same name. */
const columns = <Record>(row: Row): Record => row as unknown as Record

/** `{ [name]: value }` where there is a value: records leave out what is null in a row. */
const optional = (name: string, value: unknown): object => (value === null || value === undefined ? {} : { [name]: value })

export function toWorkload(row: Row): WorkloadRecord {
  const { id, spec, status, generation, revision } = columns<WorkloadRecord>(row)
  return { id, spec, status, generation, revision, createdAt: row['created_at'], updatedAt: row['updated_at'] }
}

export function toPool(row: Row): PoolRecord {
  const { id, spec, generation, revision } = columns<PoolRecord>(row)
  return {
    id,
    workloadId: row['workload_id'],
    spec,
    status: { phase: row['phase'], conditions: row['conditions'] },
    generation,
    revision,
    createdAt: row['created_at'],
    updatedAt: row['updated_at'],
  }
}

export function toContainer(row: Row): ContainerRecord {
  const { id, state, health, revision } = columns<ContainerRecord>(row)
  return {
    id,
    poolId: row['pool_id'],
    workloadId: row['workload_id'],
    workloadGeneration: row['workload_generation'],
    state,
    ...optional('reason', row['reason']),
    ...optional('claimId', row['claim_id']),
    ...optional('tenantId', row['tenant_id']),
    ...optional('address', row['address']),
    health,
    onDemand: row['on_demand'],
    ...optional('startedWith', row['started_with']),
    revision,
    createdAt: row['created_at'],
    ...optional('warmAt', row['warm_at']),
    ...optional('boundAt', row['bound_at']),
    updatedAt: row['updated_at'],
  }
}

export function toClaim(row: Row): ClaimRecord {
  const { id, state, source, revision, metadata, losses } = columns<ClaimRecord>(row)
  const sealed: Uint8Array | null = row['sealed']
  return {
    id,
    tenantId: row['tenant_id'],
    poolId: row['pool_id'],
    workloadId: row['workload_id'],
    ...optional('containerId', row['container_id']),
    state,
    ...optional('reason', row['reason']),
    source,
    revision,
    ...optional('config', row['config']),
    metadata,
    secretNames: row['secret_names'],
    ...optional('sealed', sealed && new Uint8Array(sealed)),
    losses,
    ...(row['holds_state'] ? { holdsState: true } : {}),
    claimedAt: row['claimed_at'],
    lastActivityAt: row['last_activity_at'],
    updatedAt: row['updated_at'],
  }
}

export function toKey(row: Row): KeyRecord {
  const { id, name, hash, role } = columns<KeyRecord>(row)
  return {
    id,
    name,
    hash,
    role,
    ...optional('tenantId', row['tenant_id']),
    ...optional('pools', row['pools']),
    ...optional('expiresAt', row['expires_at']),
    ...optional('requestsPerMinute', row['requests_per_minute']),
    createdAt: row['created_at'],
    ...optional('revokedAt', row['revoked_at']),
    ...optional('lastUsedAt', row['last_used_at']),
  }
}

export function toEvent(row: Row, cursor: string): EventRecord {
  const { seq, type, version, actor, subject, data } = columns<EventRecord>(row)
  return {
    cursor,
    seq,
    type,
    version,
    timeMs: row['time_ms'],
    actor,
    subject,
    ...optional('tenantId', row['tenant_id']),
    ...optional('poolId', row['pool_id']),
    ...optional('containerId', row['container_id']),
    ...optional('claimId', row['claim_id']),
    ...optional('revision', row['revision']),
    ...optional('correlationId', row['correlation_id']),
    data,
  }
}
