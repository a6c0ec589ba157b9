import type { Clock, Logger, SecretBox } from '@boilerhouse/base'
import type { Claims } from '@boilerhouse/claims'
import type { Principal } from '@boilerhouse/resources'
import type { EventHub, Store } from '@boilerhouse/store'

import type { Tickets } from '../auth/tickets.ts'

export interface ProxyDeps {
  readonly claims: Pick<Claims, 'resolve' | 'noteActivity'>
  readonly store: Store
  readonly hub: EventHub
  readonly clock: Clock
  readonly log: Logger
  readonly box: SecretBox
  /** The same keys and tickets as the API's. */
  readonly auth: {
    authenticate(secret: string | undefined): Principal | Promise<Principal>
    principalOf(keyId: string): Promise<Principal | undefined>
    watch(keyId: string, end: () => void): () => void
  }
  readonly tickets: Tickets
  /** BOILERHOUSE_PROXY_DOMAIN: an origin of its own for each (tenant, pool, port). */
  readonly domain?: string
  /** BOILERHOUSE_TRUST_PROXY: a proxy in front ends TLS, and says by `X-Forwarded-*` how and from where a request came to it. */
  readonly trustProxy?: boolean
  /** Requests and sockets under way for one key that is not an admin's; 1,000 where not given. */
  readonly maxPerKey?: number
}
