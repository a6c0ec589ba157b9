import { Fault, isFault } from '@boilerhouse/base'
import {
  isDiskExceeded,
  type ClaimRecord,
  type ClaimState,
  type ReleaseAnswer,
  type ReleaseRequest,
} from '@boilerhouse/resources'
import type { Updated } from '@boilerhouse/store'

import { settled } from './activate.ts'
import { valuesOf } from './claim-values.ts'
import type { ClaimsWorld } from './claims-deps.ts'
import { runHook } from './hook.ts'
import { keepState } from './keep-state.ts'
import { quarantineContainer } from './quarantine.ts'
import { claimEvent, countTransition, reasonOf, type Run } from './run.ts'

export type ReleaseOptions = Pick<ReleaseRequest, 'discard' | 'force'>

/** Stands as the reason of a releasing claim, so that whoever goes on after a crash knows what was asked. */
const reasons = { plain: 'released', discard: 'discard', force: 'force', forceDiscard: 'force, discard' } as const

const releasable: readonly ClaimState[] = ['pending', 'restoring', 'active', 'recovering', 'release_failed']

/**
 * Hook, stop, keep, and only then `released`: the container goes after that. Throws `claim.release_failed` where a step failed; then
 * container and files stay, and a release repeats it.
 */
export async function releaseClaim(
  world: ClaimsWorld,
  run: Run,
  claim: ClaimRecord,
  options: ReleaseOptions,
  cause: Readonly<Record<string, unknown>> = {},
): Promise<ReleaseAnswer> {
  const { store, metrics } = world
  if (claim.state === 'releasing') return continueRelease(world, run, claim, options)
  const { discard = false, force = false } = options
  const reason = force ? (discard ? reasons.forceDiscard : reasons.force) : discard ? reasons.discard : reasons.plain
  const event = claimEvent('claim.releasing', claim, run, { ...cause, discard, force, from: claim.state })
  // Files may be half-way back: finished first, so that throwing them away leaves none behind.
  if (discard && claim.state === 'restoring') await finishRestore(world, run, claim)
  const releasing = settled(await store.claims.transition(claim.id, releasable, 'releasing', { reason }, { event }))
  countTransition(metrics, 'releasing')
  return continueRelease(world, run, releasing)
}

/** Goes on with a claim in `releasing`, from its first step; each of them may be repeated. */
export async function continueRelease(
  world: ClaimsWorld,
  asked: Run,
  claim: ClaimRecord,
  options: ReleaseOptions = {},
): Promise<ReleaseAnswer> {
  const { store, metrics } = world
  // A release that has begun is not ended by whoever asked for it: only the server's own end interrupts it.
  const run = { ...asked, signal: world.closed }
  const isForced = options.force ?? claim.reason?.startsWith('force') ?? false
  const isDiscarded = options.discard ?? claim.reason?.endsWith('discard') ?? false
  let dataKept = false
  let notKept: string | undefined
  try {
    dataKept = await endContainer(world, run, claim, { isForced, isDiscarded })
  } catch (error) {
    if (run.signal.aborted || (!isForced && isPassing(error))) throw error
    if (!isForced) {
      await markFailed(world, run, claim, error)
      return answerOf(world, run, claim, dataKept)
    }
    notKept = reasonOf(error)
    await quarantineContainer(world, run, claim, notKept)
  }
  const data = { dataKept, ...(isForced ? { force: true } : {}), ...(notKept === undefined ? {} : { notKept }) }
  const event = claimEvent('claim.released', claim, run, data)
  const updated = await store.claims.transition(claim.id, ['releasing'], 'released', { reason: notKept }, { event })
  if (!isReleasedByAnother(updated)) {
    settled(updated)
    countTransition(metrics, 'released')
  }
  return answerOf(world, run, claim, dataKept)
}

/** Another server took the slow release up, and was first at its end: what was asked for is done. */
const isReleasedByAnother = (updated: Updated<ClaimRecord>): boolean =>
  updated.outcome === 'conflict' && updated.record.state === 'released'

const answerOf = ({ clock }: ClaimsWorld, run: Run, claim: ClaimRecord, dataKept: boolean): ReleaseAnswer => ({
  tenantId: claim.tenantId,
  poolId: claim.poolId,
  ...(claim.containerId ? { containerId: claim.containerId } : {}),
  state: 'released',
  dataKept,
  timings: run.timings.all(),
  releasedAt: new Date(clock.nowMs()).toISOString(),
})

/** Resolves to whether files were kept. */
async function endContainer(
  world: ClaimsWorld,
  run: Run,
  claim: ClaimRecord,
  { isForced, isDiscarded }: { readonly isForced: boolean; readonly isDiscarded: boolean },
): Promise<boolean> {
  const { store, runtime, catalogue, inFlight, log } = world
  const container = claim.containerId ? await store.containers.get(claim.containerId) : undefined
  const { spec } = await catalogue.workload(claim.workloadId)
  if (container?.state === 'bound') {
    try {
      // Its hook is to run, and nobody waits for room any more.
      if (isDiskExceeded(container)) await runtime.unpause(container.id, run.signal)
      await runHook(world, run, 'preRelease', spec.hooks.preRelease, container.id, valuesOf(world, claim))
    } catch (error) {
      if (!isForced && !(await hasEnded(world, run, claim))) throw error
      log.warn('a claim is released without its preRelease hook', { claimId: claim.id, error })
    }
  }
  if (!isDiscarded) return (await keepState(world, run, claim)).isKept
  if (container && container.state !== 'gone') {
    await run.timings.phase('stop', () => runtime.stop(container.id, spec.stopTimeoutMs, run.signal))
    // A release that failed before may have kept some of them already.
    await inFlight.moveState(claim, () => runtime.volumes(container.id).discard(claim, run.signal))
  }
  return false
}

/** A container whose process is over cannot run a hook; its files are kept all the same. */
async function hasEnded({ runtime }: ClaimsWorld, run: Run, claim: ClaimRecord): Promise<boolean> {
  if (claim.containerId === undefined) return true
  const container = await runtime.get(claim.containerId, run.signal)
  return container === undefined || container.phase === 'exited' || container.phase === 'dead'
}

async function finishRestore({ runtime, inFlight }: ClaimsWorld, run: Run, claim: ClaimRecord): Promise<void> {
  const { containerId } = claim
  if (containerId) await inFlight.moveState(claim, () => runtime.volumes(containerId).restore(claim, run.signal))
}

/** The claim stays `releasing`, and the next pass or call goes on. */
const isPassing = (error: unknown): boolean =>
  isFault(error, 'runtime.unavailable') || isFault(error, 'runtime.timeout') || isFault(error, 'store.unavailable')

/** Throws `claim.release_failed`, unless another server has released it meanwhile. */
async function markFailed({ store, metrics }: ClaimsWorld, run: Run, claim: ClaimRecord, error: unknown): Promise<void> {
  const reason = reasonOf(error)
  const event = claimEvent('claim.release_failed', claim, run, { reason })
  const updated = await store.claims.transition(claim.id, ['releasing'], 'release_failed', { reason }, { event })
  if (isReleasedByAnother(updated)) return
  settled(updated)
  countTransition(metrics, 'release_failed')
  throw new Fault('claim.release_failed', `Claim ${claim.id} could not be released: ${reason}`, { cause: error })
}
