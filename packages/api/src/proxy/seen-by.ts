/** How and from where a request came, as far as it can be believed. */
export interface Seen {
  readonly protocol: 'http' | 'https'
  readonly address: string
  /** Cookies may only be sent over TLS. */
  readonly isSecure: boolean
}

/**
 * What a request says about itself (`X-Forwarded-Proto`, the last of `X-Forwarded-For`) counts only where a trusted proxy stands before
 * us: such a proxy ends TLS, so cookies are `Secure` whatever it says.
 */
export function seenBy(
  headers: Headers,
  own: { readonly protocol: 'http' | 'https'; readonly address: string },
  trustProxy: boolean,
): Seen {
  if (!trustProxy) return { ...own, isSecure: own.protocol === 'https' }
  const last = (name: string): string | undefined => headers.get(name)?.split(',').at(-1)?.trim()
  const told = last('x-forwarded-proto')?.toLowerCase()
  return {
    protocol: told === 'http' || told === 'https' ? told : own.protocol,
    address: last('x-forwarded-for') || own.address,
    isSecure: true,
  }
}
