import { Fault } from '@boilerhouse/base'
import { dnsLabelPattern, tenantIdPattern } from '@boilerhouse/resources'

import { pathPrefix, type ProxyTarget } from './proxy-url.ts'

/** Which port of whom a request is for, and what of its path the container sees. */
export interface Placed {
  readonly target: ProxyTarget
  /** Starts with `/`; with the query. */
  readonly path: string
  /** What was taken off the path; empty where the host name says it all. */
  readonly prefix: string
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
  return { target, path: `${rest ?? '/'}${query}`, prefix: pathPrefix(target) }
}

/** The label of a host name below the domain; undefined where the host is another. */
export function hostLabelOf(
  host: string,
  domain: string,
): { readonly portName: string; readonly tenantLabel: string } | undefined {
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
