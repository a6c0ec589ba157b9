import type { FieldFault } from '@boilerhouse/base'

import type { Settings } from './settings-schema.ts'

/** What the schema cannot say: settings that do not go together. Each detail names the remedies. */
export function ruleFaults(settings: Settings): readonly FieldFault[] {
  return [
    ...bindFaults(settings),
    ...tlsFaults(settings),
    ...portFaults(settings),
    ...proxyUrlFaults(settings),
    ...engineFaults(settings),
    ...networkFaults(settings),
  ]
}

/** Whether only this machine can reach what listens there. */
export const isLoopback = (host: string): boolean => host === 'localhost' || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host)

function bindFaults({ host, tlsCert, trustProxy }: Settings): readonly FieldFault[] {
  if (isLoopback(host) || tlsCert !== undefined || trustProxy) return []
  return [
    {
      pointer: '/host',
      detail:
        'listens beyond this machine without encryption. Set BOILERHOUSE_TLS_CERT and BOILERHOUSE_TLS_KEY, or BOILERHOUSE_TRUST_PROXY=true where a proxy in front ends TLS, or use 127.0.0.1',
    },
  ]
}

function tlsFaults({ tlsCert, tlsKey }: Settings): readonly FieldFault[] {
  if ((tlsCert === undefined) === (tlsKey === undefined)) return []
  return tlsCert === undefined
    ? [{ pointer: '/tlsKey', detail: 'needs the certificate too: set BOILERHOUSE_TLS_CERT' }]
    : [{ pointer: '/tlsCert', detail: 'needs the private key too: set BOILERHOUSE_TLS_KEY' }]
}

function portFaults({ port, proxyPort }: Settings): readonly FieldFault[] {
  if (port === 0 || port !== proxyPort) return []
  return [{ pointer: '/proxyPort', detail: "must differ from BOILERHOUSE_PORT: tenants' pages never share the API's origin" }]
}

/** Cookies of the proxy are only kept off plain HTTP where it knows that TLS is spoken. */
function proxyUrlFaults({ proxyUrl, tlsCert, trustProxy }: Settings): readonly FieldFault[] {
  if (proxyUrl === undefined || !proxyUrl.startsWith('https:') || tlsCert !== undefined || trustProxy) return []
  return [
    {
      pointer: '/proxyUrl',
      detail:
        'is https, and nothing says who ends TLS. Set BOILERHOUSE_TRUST_PROXY=true where a proxy in front does, or BOILERHOUSE_TLS_CERT and BOILERHOUSE_TLS_KEY',
    },
  ]
}

function engineFaults({ dockerHost }: Settings): readonly FieldFault[] {
  if (dockerHost.startsWith('unix:///')) return []
  return [
    {
      pointer: '/dockerHost',
      detail:
        "is not a socket of this host. Run the server on the engine's own host and use unix:///var/run/docker.sock, or unset DOCKER_HOST",
    },
  ]
}

function networkFaults({ networkCidr }: Settings): readonly FieldFault[] {
  const [address = '', prefixText] = networkCidr.split('/')
  const prefix = Number(prefixText)
  const parts = address.split('.').map(Number)
  const fault = (detail: string) => [{ pointer: '/networkCidr', detail }]
  if (parts.some((part) => part > 255) || prefix > 32) return fault('is not a range like 10.224.0.0/12')
  if (prefix > 24 || prefix < 8) return fault('must have a prefix from /8 to /24')
  const bits = parts.reduce((sum, part) => sum * 256 + part, 0)
  if (bits % 2 ** (32 - prefix) !== 0) return fault('has bits set beyond its prefix: give the first address of the range')
  if (!isPrivate(parts, prefix))
    return fault('must lie in a private range: 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16 or 100.64.0.0/10')
  return []
}

function isPrivate([a = 0, b = 0]: readonly number[], prefix: number): boolean {
  if (a === 10) return true
  if (a === 172) return b >= 16 && b < 32 && prefix >= 12
  if (a === 192) return b === 168 && prefix >= 16
  return a === 100 && b >= 64 && b < 128 && prefix >= 10
}
