import type { Clock, TenantId } from '@boilerhouse/base'
import type { Principal } from '@boilerhouse/resources'
import type { ClaimStore } from '@boilerhouse/store'

import { tenantLabel } from './proxy-url.ts'

interface Holder {
  readonly tenantId: string
  readonly poolId: string
}

const scanEveryMs = 500
const maxKept = 10_000

/**
 * From the hash in a host name back to (tenant, pool), for callers whose key was checked: a cookie or a ticket says it itself. An unknown
 * label costs a tenant's key a look at its own claims, and admins together one look at all claims each half second, however many ask.
 */
export class TenantLabels {
  readonly #claims: Pick<ClaimStore, 'all' | 'liveOf'>
  readonly #clock: Clock
  // Never stale: a label stands for the same (tenant, pool) for ever.
  readonly #holders = new Map<string, Holder>()
  #next: Promise<void> | undefined
  #scannedMs = Number.NEGATIVE_INFINITY

  constructor(claims: Pick<ClaimStore, 'all' | 'liveOf'>, clock: Clock) {
    this.#claims = claims
    this.#clock = clock
  }

  /** undefined where nobody holds a claim of that label, or a tenant's key asks about another's. */
  async find(label: string, { role, tenantId }: Pick<Principal, 'role' | 'tenantId'>): Promise<Holder | undefined> {
    const known = this.#holders.get(label)
    if (role === 'admin') {
      if (!known) await (this.#next ??= this.#scan())
      return known ?? this.#holders.get(label)
    }
    if (tenantId === undefined) return undefined
    if (!known) this.#keep(await this.#claims.liveOf(tenantId as TenantId)) // of a key, which was checked
    const found = known ?? this.#holders.get(label)
    return found?.tenantId === tenantId ? found : undefined
  }

  /** At the earliest half a second after the one before: who asks until it begins shares its result. */
  async #scan(): Promise<void> {
    await this.#clock.sleep(Math.max(0, this.#scannedMs + scanEveryMs - this.#clock.monotonicMs()))
    // Who asks from here on may ask about a claim that this look does not see any more.
    this.#next = undefined
    this.#scannedMs = this.#clock.monotonicMs()
    this.#keep(await this.#claims.all())
  }

  #keep(claims: readonly Holder[]): void {
    if (this.#holders.size + claims.length > maxKept) this.#holders.clear()
    for (const { tenantId, poolId } of claims) this.#holders.set(tenantLabel(tenantId, poolId), { tenantId, poolId })
  }
}
