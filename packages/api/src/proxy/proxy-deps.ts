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
  }
  readonly tickets: Tickets
  /** BOILERHOUSE_PROXY_DOMAIN: an origin of its own for each (tenant, pool, port). */
  readonly domain?: string
}
