import { isLoopback } from './setting-rules.ts'
import type { Settings } from './settings-schema.ts'

type ProxySettings = Pick<Settings, 'host' | 'trustProxy' | 'proxyDomain' | 'proxyUrl'>

/** What is allowed but most likely not meant where others than the people of this machine can reach the proxy. For the log and `doctor`. */
export function proxyWarnings({ host, trustProxy, proxyDomain, proxyUrl }: ProxySettings): readonly string[] {
  if (isLoopback(host) && !trustProxy && proxyUrl === undefined) return []
  return [
    ...(proxyDomain === undefined
      ? [
          'BOILERHOUSE_PROXY_DOMAIN is not set, and the proxy can be reached from beyond this machine: pages of all tenants share one origin and its storage. Set it for tenants that do not trust each other (docs/security.md).',
        ]
      : []),
    ...(trustProxy && proxyUrl === undefined
      ? [
          'BOILERHOUSE_PROXY_URL is not set, and another proxy stands before this one: the addresses that claims and tickets hand out are those that this server listens on.',
        ]
      : []),
  ]
}
