import { Fault, type PoolId, type TenantId } from '@boilerhouse/base'
import type { ReleaseAnswer } from '@boilerhouse/resources'

import type { ClaimsWorld } from './claims-deps.ts'
import { claimKey } from './in-flight.ts'
import { releaseClaim, type ReleaseOptions } from './release.ts'
import { resolveClaim } from './resolve.ts'
import { outcomeOf, type Run } from './run.ts'

/** Releases the tenant's live claim of the pool. A claim under way for it is interrupted; a release under way is waited for. */
export async function releaseLive(
  world: ClaimsWorld,
  tenantId: TenantId,
  poolId: PoolId,
  options: ReleaseOptions,
  begin: () => Run,
): Promise<ReleaseAnswer> {
  const { inFlight, metrics } = world
  const key = claimKey(tenantId, poolId)
  inFlight.interrupt(key, new Fault('claim.conflict', 'The claim is released meanwhile', { retryAfterMs: 1000 }))
  return inFlight.run(key, async () => {
    const run = begin()
    try {
      const claim = await resolveClaim(world, tenantId, poolId)
      const answer = await releaseClaim(world, run, claim, options)
      metrics.count('releases_total', { outcome: 'ok' })
      metrics.observe('release_duration_seconds', {}, (answer.timings['total'] ?? 0) / 1000)
      return answer
    } catch (error) {
      metrics.count('releases_total', { outcome: outcomeOf(error) })
      throw error
    }
  })
}
