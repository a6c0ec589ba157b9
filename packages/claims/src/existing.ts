import { Fault } from '@boilerhouse/base'
import { isDiskExceeded, type ClaimRecord, type ClaimRequest, type ContainerRecord } from '@boilerhouse/resources'

import { activateClaim } from './activate.ts'
import type { ClaimsWorld } from './claims-deps.ts'
import type { Bond } from './deliver.ts'
import { isLost, loseContainer, recoverClaim } from './recover.ts'
import { awaitMark, awaitRelease } from './await-other.ts'
import type { Run } from './run.ts'
import { standingContainer } from './standing-container.ts'
import { updateClaim } from './update-claim.ts'

export type Held =
  | { readonly outcome: 'held'; readonly bond: Bond; readonly isNew: boolean }
  /** The claim is over: the caller binds anew. */
  | { readonly outcome: 'over' }

/** A tenant that holds a claim of this pool already claims again: whatever state it is in, it is brought to `active`. */
export async function holdExisting(world: ClaimsWorld, run: Run, claim: ClaimRecord, request: ClaimRequest): Promise<Held> {
  switch (claim.state) {
    case 'pending':
    case 'restoring':
      return holdStanding(world, run, claim, request)
    case 'active':
      return holdActive(world, run, claim, request)
    case 'recovering':
      return holdAfter(world, run, await recoverClaim(world, run, claim), request)
    case 'releasing':
      await run.timings.phase('release', () => awaitRelease(world, run, claim))
      return { outcome: 'over' }
    case 'release_failed':
      throw new Fault('claim.release_failed', `Claim ${claim.id} could not be released: ${claim.reason ?? 'no reason given'}`)
    case 'released':
    case 'failed':
      return { outcome: 'over' }
  }
}

async function holdStanding(world: ClaimsWorld, run: Run, claim: ClaimRecord, request: ClaimRequest): Promise<Held> {
  const newest = await run.timings.phase('wait', () => awaitMark(world, run, claim))
  if (!newest) return { outcome: 'over' }
  return newest.state === 'pending' || newest.state === 'restoring'
    ? deliverStanding(world, run, newest, request)
    : holdExisting(world, run, newest, request)
}

async function deliverStanding(world: ClaimsWorld, run: Run, claim: ClaimRecord, request: ClaimRequest): Promise<Held> {
  const container = await standingContainer(world, run, claim)
  if (!container) return { outcome: 'over' }
  const workload = await world.catalogue.workload(claim.workloadId)
  const active = await activateClaim(world, run, { claim, container, workload }, request.ready)
  const bond = { claim: active, container, workload }
  // What is asked now may differ from what was asked then.
  return { outcome: 'held', bond: { ...bond, claim: await updateClaim(world, run, bond, request) }, isNew: true }
}

async function holdActive(world: ClaimsWorld, run: Run, claim: ClaimRecord, request: ClaimRequest): Promise<Held> {
  const { store, catalogue } = world
  const container = claim.containerId ? await store.containers.get(claim.containerId) : undefined
  if (!container || isLost(container)) {
    return holdAfter(world, run, await recoverClaim(world, run, await loseContainer(world, run, claim, container)), request)
  }
  if (isDiskExceeded(container)) await refusePaused(world, run, container)
  const bond = { claim, container, workload: await catalogue.workload(claim.workloadId) }
  return { outcome: 'held', bond: { ...bond, claim: await updateClaim(world, run, bond, request) }, isNew: false }
}

/** Nothing that is frozen answers its tenant or takes a delivery. One that somebody let go on by hand keeps its mark, and is served. */
async function refusePaused({ runtime }: ClaimsWorld, run: Run, { id, reason }: ContainerRecord): Promise<void> {
  const there = await runtime.get(id, run.signal)
  if (there?.phase === 'paused') throw new Fault('container.disk_exceeded', `Container ${id} is paused: ${reason}`)
}

async function holdAfter(world: ClaimsWorld, run: Run, claim: ClaimRecord, request: ClaimRequest): Promise<Held> {
  return claim.state === 'active' ? holdActive(world, run, claim, request) : { outcome: 'over' }
}
