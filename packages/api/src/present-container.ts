import type { Container, ContainerRecord, Endpoint, WorkloadSpec } from '@boilerhouse/resources'

import { toRfc3339 } from './present-time.ts'

/** `workload` names its ports; where it is gone already, the container is shown without endpoints. */
export const presentContainer = (record: ContainerRecord, workload: WorkloadSpec | undefined): Container => ({
  id: record.id,
  poolId: record.poolId,
  workloadId: record.workloadId,
  workloadGeneration: record.workloadGeneration,
  state: record.state,
  ...(record.reason !== undefined && { reason: record.reason }),
  ...(record.tenantId !== undefined && { tenantId: record.tenantId }),
  ...(record.claimId !== undefined && { claimId: record.claimId }),
  endpoints: endpointsOf(record, workload),
  health: {
    status: record.health.status,
    failures: record.health.failures,
    history: record.health.history.map(({ atMs, ...outcome }) => ({ at: toRfc3339(atMs), ...outcome })),
  },
  revision: record.revision,
  createdAt: toRfc3339(record.createdAt),
  ...(record.warmAt !== undefined && { warmAt: toRfc3339(record.warmAt) }),
  ...(record.boundAt !== undefined && { boundAt: toRfc3339(record.boundAt) }),
})

function endpointsOf(record: ContainerRecord, workload: WorkloadSpec | undefined): Record<string, Endpoint> {
  const endpoints: Record<string, Endpoint> = {}
  for (const { name, containerPort, protocol } of workload?.ports ?? []) {
    const port = record.address?.hostPorts[String(containerPort)]
    if (port === undefined) continue
    const host = '127.0.0.1' // ports are published on loopback only
    endpoints[name] = { host, port, ...(protocol === 'http' && { url: `http://${host}:${port}` }) }
  }
  return endpoints
}
