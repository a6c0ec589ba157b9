import type { Clock } from '@boilerhouse/base'
import type { ClaimStore } from '@boilerhouse/store'

import { tenantLabel } from './proxy-url.ts'

interface Holder {
  readonly tenantId: string
  readonly poolId: string
}

const scanEveryMs = 500

/** From the hash in a host name back to who holds a claim. An unknown label asks the store, at most twice a second. */
export class TenantLabels {
  readonly #claims: Pick<ClaimStore, 'all'>
  readonly #clock: Clock
  #holders = new Map<string, Holder>()
  #scannedMs = Number.NEGATIVE_INFINITY

  constructor(claims: Pick<ClaimStore, 'all'>, clock: Clock) {
    this.#claims = claims
    this.#clock = clock
  }

  async find(label: string): Promise<Holder | undefined> {
    const known = this.#holders.get(label)
    if (known || this.#clock.monotonicMs() - this.#scannedMs < scanEveryMs) return known
    this.#scannedMs = this.#clock.monotonicMs()
    const claims = await this.#claims.all()
    this.#holders = new Map(claims.map(({ tenantId, poolId }) => [tenantLabel(tenantId, poolId), { tenantId, poolId }]))
    return this.#holders.get(label)
  }
}
