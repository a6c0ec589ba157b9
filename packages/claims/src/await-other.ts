import { Fault } from '@boilerhouse/base'
import type { ClaimRecord } from '@boilerhouse/resources'

import type { ClaimsWorld } from './claims-deps.ts'
import { continueRelease } from './release.ts'
import type { Run } from './run.ts'

/** Whoever began a release gets so long before somebody else goes on with it. */
const releaseGraceMs = 2000
/** Whoever delivered a claim marks it well within this. */
const markGraceMs = 200

/**
 * A claim while the former one is `releasing`. Nobody in this process does that (it would hold the lock): another process does, and
 * its event tells; or it died, and this call goes on for it.
 */
export async function awaitRelease(world: ClaimsWorld, run: Run, claim: ClaimRecord): Promise<void> {
  const newest = await awaitMoved(world, run, claim, releaseGraceMs)
  if (newest?.state !== 'releasing') return
  if (world.clock.monotonicMs() >= run.deadlineMs) {
    throw new Fault('claim.timeout', `The former claim ${claim.id} is still being released`, { retryAfterMs: 1000 })
  }
  await continueRelease(world, { ...run, signal: world.closed }, newest)
}

/**
 * A claim of another process that is not marked active yet: that process delivers it, or has answered it this moment. The claim as it
 * is then; still `pending` where that process died, and undefined where the claim is gone.
 */
export const awaitMark = (world: ClaimsWorld, run: Run, claim: ClaimRecord): Promise<ClaimRecord | undefined> =>
  awaitMoved(world, run, claim, markGraceMs)

/** Waits until the claim leaves its state, at most for what is left of the grace since it was written. */
async function awaitMoved(world: ClaimsWorld, run: Run, claim: ClaimRecord, graceMs: number): Promise<ClaimRecord | undefined> {
  const { store, clock } = world
  const leftMs = Math.min(graceMs, claim.updatedAt + graceMs - clock.nowMs(), run.deadlineMs - clock.monotonicMs())
  if (leftMs > 0) await untilMoved(world, run, claim, leftMs)
  run.signal.throwIfAborted()
  return store.claims.get(claim.id)
}

async function untilMoved(
  { hub, clock, store }: ClaimsWorld,
  run: Run,
  { id, state }: ClaimRecord,
  waitMs: number,
): Promise<void> {
  const moved = new AbortController()
  const unsubscribe = hub.subscribe((event) => {
    if (event.claimId === id && event.type.startsWith('claim.')) moved.abort()
  })
  try {
    // It may have moved before anybody listened.
    if ((await store.claims.get(id))?.state !== state) return
    await clock.sleep(waitMs, AbortSignal.any([moved.signal, run.signal]))
  } finally {
    unsubscribe()
  }
}
