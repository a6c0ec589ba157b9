import type { ClaimRecord, WorkloadRecord } from '@boilerhouse/resources'

import type { ClaimsWorld } from './claims-deps.ts'
import { releaseClaim } from './release.ts'
import { claimEvent, type Run } from './run.ts'

/** When the claim idles out, epoch ms; undefined where its workload never does or it is not in use. */
export function idleExpiresAt(
  { activity }: Pick<ClaimsWorld, 'activity'>,
  claim: ClaimRecord,
  { spec }: WorkloadRecord,
): number | undefined {
  return spec.idle && claim.state === 'active' ? activity.last(claim) + spec.idle.timeoutMs : undefined
}

/** Ends an active claim that was not used for too long; else tells when to look again. `destroy` does not keep its files. */
export async function endIfIdle(
  world: ClaimsWorld,
  run: Run,
  claim: ClaimRecord,
  workload: WorkloadRecord,
): Promise<{ readonly againMs?: number }> {
  const expiresAt = idleExpiresAt(world, claim, workload)
  const { idle } = workload.spec
  if (expiresAt === undefined || !idle) return {}
  const leftMs = expiresAt - world.clock.nowMs()
  if (leftMs > 0) return { againMs: leftMs }
  // Another process may have written a later use.
  const newest = await world.store.claims.get(claim.id)
  if (!newest || newest.state !== 'active') return {}
  const newestExpiry = idleExpiresAt(world, newest, workload) ?? 0
  if (newestExpiry > world.clock.nowMs()) return { againMs: newestExpiry - world.clock.nowMs() }
  await world.store.events.append(claimEvent('claim.idle', newest, run, { action: idle.action, timeoutMs: idle.timeoutMs }))
  await releaseClaim(world, run, newest, { discard: idle.action === 'destroy' }, { cause: 'idle', action: idle.action })
  return {}
}
