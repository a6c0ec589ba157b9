import { Fault, type ClaimId, type PoolId, type TenantId } from '@boilerhouse/base'
import type { ContainerRecord, WorkloadSpec } from '@boilerhouse/resources'

import type { ProxyDeps } from './proxy-deps.ts'
import type { ProxyTarget } from './proxy-url.ts'

export interface Upstream {
  readonly claimId: ClaimId
  readonly host: string
  readonly port: number
}

export interface Upstreams {
  /** Throws `claim.not_found`, `proxy.not_ready`, `proxy.port_not_found`. */
  find(target: ProxyTarget): Promise<Upstream>
  close(): void
}

interface Found {
  readonly claimId: ClaimId
  readonly container: ContainerRecord
  readonly ports: WorkloadSpec['ports']
  readonly readAtMs: number
}

/** Events forget at once what they change; this is for an event that comes late. */
const maxAgeMs = 1_000
const maxKept = 10_000

/** Where a tenant's container answers. Kept for a moment, so that a page of a hundred files asks the store once. */
export function createUpstreams({ claims, store, hub, clock }: Pick<ProxyDeps, 'claims' | 'store' | 'hub' | 'clock'>): Upstreams {
  const kept = new Map<string, Found>()
  // A read that began before an event may end after it: what it found may be another tenant's address by now.
  const underWay = new Set<{ readonly key: string; isStale: boolean }>()
  const unsubscribe = hub.subscribe(({ tenantId, poolId }) => {
    if (tenantId === undefined || poolId === undefined) return
    kept.delete(`${tenantId}\0${poolId}`)
    for (const reading of underWay) if (reading.key === `${tenantId}\0${poolId}`) reading.isStale = true
  })

  const read = async (tenantId: TenantId, poolId: PoolId): Promise<Found> => {
    const readAtMs = clock.monotonicMs()
    const claim = await claims.resolve(tenantId, poolId)
    if (claim.state !== 'active' || claim.containerId === undefined) {
      throw new Fault('proxy.not_ready', `The claim is ${claim.state}`, { retryAfterMs: 1000 })
    }
    const [container, workload] = await Promise.all([
      store.containers.get(claim.containerId),
      store.workloads.get(claim.workloadId),
    ])
    if (container?.state !== 'bound' || !workload) {
      throw new Fault('proxy.not_ready', `The container is ${container?.state ?? 'gone'}`, { retryAfterMs: 1000 })
    }
    return { claimId: claim.id, container, ports: workload.spec.ports, readAtMs }
  }

  return {
    async find({ tenantId, poolId, portName }) {
      const key = `${tenantId}\0${poolId}`
      let found = kept.get(key)
      if (!found || clock.monotonicMs() - found.readAtMs > maxAgeMs) {
        const reading = { key, isStale: false }
        underWay.add(reading)
        found = await read(tenantId as TenantId, poolId as PoolId).finally(() => underWay.delete(reading)) // both patterns were checked
        if (kept.size >= maxKept) kept.clear()
        if (!reading.isStale) kept.set(key, found)
      }
      return addressOf(found, portName)
    },
    close: unsubscribe,
  }
}

/** The container's own address; the loopback port of the host where the engine told none. */
function addressOf({ claimId, container: { address }, ports }: Found, portName: string): Upstream {
  const port = ports.find(({ name, protocol }) => name === portName && protocol === 'http')
  if (!port) throw new Fault('proxy.port_not_found', `The workload has no http port named ${portName}`)
  if (address?.ip !== undefined) return { claimId, host: address.ip, port: port.containerPort }
  const hostPort = address?.hostPorts[String(port.containerPort)]
  if (hostPort === undefined) throw new Fault('proxy.not_ready', 'The container has no address yet', { retryAfterMs: 1000 })
  return { claimId, host: '127.0.0.1', port: hostPort }
}
