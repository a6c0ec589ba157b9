import { Fault } from '@boilerhouse/base'
import type { ClaimRecord } from '@boilerhouse/resources'

import type { ClaimsWorld } from './claims-deps.ts'
import { continueRelease } from './release.ts'
import type { Run } from './run.ts'

/** Whoever began a release gets so long before somebody else goes on with it. */
const graceMs = 2000

/**
 * A claim while the former one is `releasing`. Nobody in this process does that (it would hold the lock): another process does, and
 * its event tells; or it died, and this call goes on for it.
 */
export async function awaitRelease(world: ClaimsWorld, run: Run, claim: ClaimRecord): Promise<void> {
  const { store, clock } = world
  const graceLeftMs = claim.updatedAt + graceMs - clock.nowMs()
  if (graceLeftMs > 0) await untilMoved(world, run, claim, Math.min(graceLeftMs, run.deadlineMs - clock.monotonicMs()))
  run.signal.throwIfAborted()
  const newest = await store.claims.get(claim.id)
  if (newest?.state !== 'releasing') return
  if (clock.monotonicMs() >= run.deadlineMs) {
    throw new Fault('claim.timeout', `The former claim ${claim.id} is still being released`, { retryAfterMs: 1000 })
  }
  await continueRelease(world, { ...run, signal: world.closed }, newest)
}

async function untilMoved({ hub, clock, store }: ClaimsWorld, run: Run, { id }: ClaimRecord, waitMs: number): Promise<void> {
  const moved = new AbortController()
  const unsubscribe = hub.subscribe((event) => {
    if (event.claimId === id && event.type.startsWith('claim.')) moved.abort()
  })
  try {
    // It may have been released before anybody listened.
    if ((await store.claims.get(id))?.state !== 'releasing') return
    await clock.sleep(Math.max(0, waitMs), AbortSignal.any([moved.signal, run.signal]))
  } finally {
    unsubscribe()
  }
}
