import type { Config } from '../config/load-config.ts'

type ProxySettings = Pick<Config, 'tls' | 'host' | 'proxyPort' | 'proxyDomain'>

/** Where browsers and programs find the tenants' proxy. */
export function proxyBaseUrl({ tls, host, proxyPort }: ProxySettings): string {
  return `${tls ? 'https' : 'http'}://${host.includes(':') ? `[${host}]` : host}:${proxyPort}`
}

/** The address of one port of a tenant's claim on the proxy. */
export const proxyUrlOf =
  (config: ProxySettings) =>
  (tenantId: string, poolId: string, port: { readonly name: string }): string =>
    `${proxyBaseUrl(config)}/t/${encodeURIComponent(tenantId)}/${poolId}/${port.name}/`
