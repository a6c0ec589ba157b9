import type { ClaimRecord, ContainerRecord, Endpoint, WorkloadRecord } from '@boilerhouse/resources'

import type { ClaimsSettings } from './claims-deps.ts'

/** Where a claim's container answers: one entry a port, and `proxy` and `socket` where there are such. */
export function endpointsOf(
  claim: Pick<ClaimRecord, 'tenantId' | 'poolId'>,
  workload: Pick<WorkloadRecord, 'spec'>,
  container: Pick<ContainerRecord, 'address'> | undefined,
  settings: Pick<ClaimsSettings, 'proxyUrl'>,
): Record<string, Endpoint | string> {
  const endpoints: Record<string, Endpoint | string> = {}
  const { address } = container ?? {}
  if (!address) return endpoints
  const { ports } = workload.spec
  for (const { name, containerPort, protocol } of ports) {
    const published = address.hostPorts[String(containerPort)]
    // Without a published port (a network of the operator's) the container's own address is all there is.
    const at =
      published === undefined ? address.ip && { host: address.ip, port: containerPort } : { host: '127.0.0.1', port: published }
    if (at) endpoints[name] = { ...at, ...(protocol === 'http' ? { url: urlOf(at) } : {}) }
  }
  if (address.socketDir !== undefined) endpoints['socket'] = address.socketDir
  const port = ports.find(({ protocol }) => protocol === 'http')
  const proxy = port && settings.proxyUrl?.(claim.tenantId, claim.poolId, port)
  if (proxy !== undefined) endpoints['proxy'] = proxy
  return endpoints
}

const urlOf = ({ host, port }: { host: string; port: number }): string =>
  `http://${host.includes(':') ? `[${host}]` : host}:${port}`
