import { proxyUrl } from '@boilerhouse/api'

import type { Config } from '../config/load-config.ts'

/** Where browsers and programs find the tenants' proxy: the public address, else where it listens, known once it does (port 0 asks for a free one). */
export interface ProxyPlace {
  baseUrl: string
  readonly domain?: string
}

export function proxyPlaceOf({
  tls,
  host,
  proxyPort,
  proxyDomain,
  proxyUrl: publicUrl,
}: Pick<Config, 'tls' | 'host' | 'proxyPort' | 'proxyDomain' | 'proxyUrl'>): ProxyPlace {
  const baseUrl = publicUrl ?? `${tls ? 'https' : 'http'}://${host.includes(':') ? `[${host}]` : host}:${proxyPort}`
  return { baseUrl, ...(proxyDomain === undefined ? {} : { domain: proxyDomain }) }
}

/** The address of one port of a tenant's claim on the proxy. */
export const proxyUrlAt =
  (place: ProxyPlace) =>
  (tenantId: string, poolId: string, port: { readonly name: string }): string =>
    proxyUrl(place, { tenantId, poolId, portName: port.name })
