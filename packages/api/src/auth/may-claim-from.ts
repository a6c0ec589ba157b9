import type { Principal } from '@boilerhouse/resources'

/** A tenant's key claims from the pools it lists and no others; one that lists none claims from none. */
export const mayClaimFrom = (principal: Principal, poolId: string): boolean =>
  principal.role !== 'tenant' || (principal.pools?.includes(poolId) ?? false)
