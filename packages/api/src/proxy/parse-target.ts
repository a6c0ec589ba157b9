import { Fault } from '@boilerhouse/base'
import { dnsLabelPattern, tenantIdPattern } from '@boilerhouse/resources'

import { pathPrefix, tenantLabel as tenantLabelOf, type ProxyTarget } from './proxy-url.ts'

/** What a request's address says, before anybody is asked who sent it. */
export interface Placed {
  /** Whose port it is: said outright by a path; of a host name only `isFor` can tell. */
  readonly place: ({ readonly kind: 'path' } & ProxyTarget) | ({ readonly kind: 'host' } & HostLabel)
  /** Starts with `/`; with the query. */
  readonly path: string
  /** What was taken off the path; empty where the host name says it all. */
  readonly prefix: string
}

interface HostLabel {
  readonly portName: string
  /** Stands for (tenant, pool). */
  readonly tenantLabel: string
}

const pathForm = /^\/t\/([^/?]+)\/([^/?]+)\/([^/?]+)(\/[^?]*)?(\?.*)?$/
const tenantId = new RegExp(tenantIdPattern)
const label = new RegExp(dnsLabelPattern)

const notFound = (): Fault => new Fault('request.not_found', 'The proxy serves /t/<tenant>/<pool>/<port>/ only')

/** `/t/:tenantId/:poolId/:portName/*`. `pathAndQuery` is as it came, undecoded: it goes on as it is. */
export function placeByPath(pathAndQuery: string): Placed {
  const [, tenant = '', poolId = '', portName = '', rest, query = ''] = pathForm.exec(pathAndQuery) ?? []
  const target = { tenantId: decode(tenant), poolId, portName }
  if (!tenantId.test(target.tenantId) || !label.test(poolId) || !label.test(portName)) throw notFound()
  return { place: { kind: 'path', ...target }, path: `${rest ?? '/'}${query}`, prefix: pathPrefix(target) }
}

/** Whether this is the address of that target. */
export function isFor({ place }: Placed, { tenantId: tenant, poolId, portName }: ProxyTarget): boolean {
  if (place.portName !== portName) return false
  return place.kind === 'path'
    ? place.tenantId === tenant && place.poolId === poolId
    : place.tenantLabel === tenantLabelOf(tenant, poolId)
}

/** The label of a host name below the domain; undefined where the host is another. */
export function hostLabelOf(host: string, domain: string): HostLabel | undefined {
  const name = host.replace(/:\d+$/, '').toLowerCase()
  if (!name.endsWith(`.${domain.toLowerCase()}`)) return undefined
  const first = name.slice(0, -domain.length - 1)
  const [, portName, tenantLabel] = /^([a-z0-9-]+)--([0-9a-f]{32})$/.exec(first) ?? []
  return portName !== undefined && tenantLabel !== undefined ? { portName, tenantLabel } : undefined
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw notFound()
  }
}
