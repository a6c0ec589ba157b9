import type { ClaimId } from '@boilerhouse/base'

import { actorOf, type Term } from '../controller-deps.ts'
import type { Again } from '../queue/work-queue.ts'
import { planClaim, type ClaimView } from './plan.ts'

/** Looks at one claim and has `claims` do what is due; what that is, `claims` alone knows. */
export async function reconcileClaim(term: Term, id: ClaimId, signal: AbortSignal): Promise<Again> {
  const first = await look(term, id)
  if (!first) return {}
  const step = planClaim(first)
  if (step.kind === 'wait') return step.againMs === undefined ? {} : { againMs: step.againMs }
  if (first.claim.state === 'active') {
    await writeActivity(term, first.claim, signal)
    const now = await look(term, id)
    const again = now && planClaim(now)
    if (!again || again.kind === 'wait') return again?.againMs === undefined ? {} : { againMs: again.againMs }
  }
  const resumed = term.claims.resume(id, { actor: actorOf('claim'), correlationId: `resume-${id}`, signal })
  const { againMs } = await unlessStopped(resumed, signal)
  const after = await look(term, id)
  const next = after && planClaim(after)
  if (againMs !== undefined) return { againMs: Math.max(againMs, 1) }
  if (next?.kind === 'wait') return next.againMs === undefined ? {} : { againMs: next.againMs }
  // Still due: something it waits for will wake it, and this is the net below.
  return next ? { againMs: 1_000 } : {}
}

/** What was noted in memory since the last write counts as activity too, and so does traffic since the last sample. */
async function writeActivity(term: Term, { id, containerId }: ClaimView['claim'], signal: AbortSignal): Promise<void> {
  if (containerId) await term.activity.check(containerId, id, signal)
  await term.claims.flushActivity()
  const active = term.activity.take()
  if (active.size > 0) await term.store.claims.touch(active)
}

/** A release that has begun goes on until `claims` is closed; the end of the term does not wait for a tenant's hook. */
async function unlessStopped(resumed: Promise<Again>, signal: AbortSignal): Promise<Again> {
  const stopped = Promise.withResolvers<Again>()
  const onAbort = () => stopped.resolve({})
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    return await Promise.race([resumed, stopped.promise])
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}

async function look({ store, catalogue, clock }: Term, id: ClaimId): Promise<ClaimView | undefined> {
  const claim = await store.claims.get(id)
  if (!claim) return undefined
  const [container, workload] = await Promise.all([
    claim.containerId ? store.containers.get(claim.containerId) : undefined,
    catalogue.workload(claim.workloadId),
  ])
  return { claim, container, workload, now: clock.nowMs() }
}
