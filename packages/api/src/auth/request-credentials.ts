import { Fault } from '@boilerhouse/base'

/** The protocol that our own clients offer besides the one that carries the key. */
const eventProtocol = 'boilerhouse.events'

const bearer = /^bearer[ \t]+(\S+)[ \t]*$/i

/** The key of a request: `Authorization: Bearer <key>`. Never from the URL, which lands in logs. */
export function keyOf(headers: Headers): string | undefined {
  const header = headers.get('authorization')
  if (header === null) return undefined
  const [, secret] = bearer.exec(header) ?? []
  if (secret === undefined) throw new Fault('auth.invalid', 'Authorization is not of the form `Bearer <key>`')
  return secret
}

export interface StreamCredentials {
  readonly key?: string
  readonly ticket?: string
  /** What the answer must name, or browsers close the socket. */
  readonly protocol?: string
}

/** Browsers cannot set headers on a WebSocket: the key or a ticket comes as a subprotocol, `bearer.<key>` or `ticket.<ticket>`. */
export function streamCredentials(headers: Headers): StreamCredentials {
  const offered = (headers.get('sec-websocket-protocol') ?? '').split(',').map((text) => text.trim())
  const carrier = offered.find((text) => text.startsWith('bearer.') || text.startsWith('ticket.'))
  const protocol = offered.includes(eventProtocol) ? eventProtocol : carrier
  const key = carrier?.startsWith('bearer.') ? carrier.slice('bearer.'.length) : undefined
  const ticket = carrier?.startsWith('ticket.') ? carrier.slice('ticket.'.length) : undefined
  return {
    ...(key !== undefined && { key }),
    ...(ticket !== undefined && { ticket }),
    ...(protocol !== undefined && { protocol }),
  }
}

/** A page of a foreign origin may not use what a browser sends by itself. Programs send no Origin. */
export function checkOrigin(headers: Headers, allowedOrigins: readonly string[]): void {
  const origin = headers.get('origin')
  if (origin === null || allowedOrigins.includes(origin)) return
  const host = headers.get('host')
  if (host !== null && (origin === `http://${host}` || origin === `https://${host}`)) return
  throw new Fault('auth.forbidden', 'Pages of this origin may not open streams')
}
