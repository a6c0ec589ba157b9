import { cookieName } from './proxy-session.ts'

/** RFC 9110 §7.6.1, and what stands for one hop by custom. */
const hopByHop = [
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]
const ours = ['authorization', 'forwarded', 'x-real-ip', 'x-client-ip', 'true-client-ip', 'cf-connecting-ip']
/** What one answer may settle for a whole origin, which tenants share. */
const ofTheOrigin = [
  'service-worker-allowed',
  'strict-transport-security',
  'alt-svc',
  'nel',
  'report-to',
  'accept-ch',
  'use-as-dictionary',
]
const handshake = [
  'sec-websocket-key',
  'sec-websocket-version',
  'sec-websocket-extensions',
  'sec-websocket-protocol',
  'sec-websocket-accept',
]

export interface Sender {
  readonly address: string
  readonly host: string
  readonly protocol: 'http' | 'https'
  readonly prefix: string
}

/** What the container is sent: no key, no cookie of ours, nothing that a caller claims to have been forwarded. */
export function requestHeaders(from: Headers, { address, host, protocol, prefix }: Sender): Headers {
  const headers = withoutHops(from)
  for (const name of [...ours, ...handshake, 'expect']) headers.delete(name)
  const claimed = [...headers.keys()].filter((name) => name.startsWith('x-forwarded-'))
  for (const name of claimed) headers.delete(name)
  const cookie = (from.get('cookie') ?? '')
    .split(';')
    .map((pair) => pair.trim())
    .filter((pair) => pair !== '' && !pair.startsWith(`${cookieName}=`) && pair !== cookieName)
    .join('; ')
  if (cookie === '') headers.delete('cookie')
  else headers.set('cookie', cookie)
  headers.set('host', host)
  headers.set('x-forwarded-for', address)
  headers.set('x-forwarded-host', host)
  headers.set('x-forwarded-proto', protocol)
  if (prefix !== '') headers.set('x-forwarded-prefix', prefix)
  return headers
}

/**
 * What the caller is sent. A container sets no cookie of our name and none for other hosts; where tenants share the origin (`prefix`), its
 * cookies, redirects and service workers stay below its own path.
 */
export function responseHeaders(from: Headers, prefix: string): Headers {
  const headers = withoutHops(from)
  headers.delete('set-cookie')
  for (const cookie of from.getSetCookie()) {
    const kept = tameCookie(cookie, prefix)
    if (kept !== undefined) headers.append('set-cookie', kept)
  }
  headers.delete('clear-site-data')
  if (prefix === '') return headers
  for (const name of ofTheOrigin) headers.delete(name)
  // Where a session's pages lie is theirs to know: no page learns it from a Referer, from the tab's history, or by a handle on their window.
  headers.set('referrer-policy', 'origin')
  headers.set('cross-origin-opener-policy', 'same-origin-allow-popups')
  const location = headers.get('location')
  if (location?.startsWith('/') && !location.startsWith('//') && !isBelow(location, prefix))
    headers.set('location', prefix + location)
  return headers
}

const isBelow = (path: string, prefix: string): boolean => path === prefix || path.startsWith(`${prefix}/`)

function tameCookie(cookie: string, prefix: string): string | undefined {
  const [pair = '', ...attributes] = cookie.split(';').map((part) => part.trim())
  if (pair.split('=')[0]?.trim() === cookieName) return undefined
  const kept = attributes.filter((attribute) => !/^domain\s*(=|$)/i.test(attribute))
  if (prefix === '') return [pair, ...kept].join('; ')
  const path = kept.find((attribute) => /^path\s*=/i.test(attribute))?.replace(/^path\s*=\s*/i, '') ?? '/'
  const below = isBelow(path, prefix) ? path : prefix + (path.startsWith('/') ? path : '/')
  return [pair, ...kept.filter((attribute) => !/^path\s*(=|$)/i.test(attribute)), `Path=${below}`].join('; ')
}

function withoutHops(from: Headers): Headers {
  const headers = new Headers(from)
  const named = (from.get('connection') ?? '').split(',').map((name) => name.trim().toLowerCase())
  for (const name of [...hopByHop, ...named]) if (/^[!#$%&'*+.^_`|~0-9a-z-]+$/.test(name)) headers.delete(name)
  return headers
}
