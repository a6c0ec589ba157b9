import { createHash } from 'node:crypto'

export interface ProxyTarget {
  readonly tenantId: string
  readonly poolId: string
  readonly portName: string
}

export interface ProxyPlace {
  readonly baseUrl: string
  /** BOILERHOUSE_PROXY_DOMAIN */
  readonly domain?: string
}

/** Tenants' ids do not fit into host names: 32 hex characters stand for (tenant, pool). */
export const tenantLabel = (tenantId: string, poolId: string): string =>
  createHash('sha256').update(`${tenantId}\0${poolId}`).digest('hex').slice(0, 32)

/** One DNS label for (port, tenant, pool), or undefined where the port's name is too long for one. */
export function hostLabel({ tenantId, poolId, portName }: ProxyTarget): string | undefined {
  const label = `${portName}--${tenantLabel(tenantId, poolId)}`
  return label.length <= 63 ? label : undefined
}

export const pathPrefix = ({ tenantId, poolId, portName }: ProxyTarget): string =>
  `/t/${encodeURIComponent(tenantId)}/${poolId}/${portName}`

/** Where a browser or program finds the port: an origin of its own where there is a domain, else a path. */
export function proxyUrl({ baseUrl, domain }: ProxyPlace, target: ProxyTarget): string {
  const base = new URL(baseUrl)
  const label = domain === undefined ? undefined : hostLabel(target)
  if (label === undefined) return `${base.origin}${pathPrefix(target)}/`
  return `${base.protocol}//${label}.${domain}${base.port === '' ? '' : `:${base.port}`}/`
}
