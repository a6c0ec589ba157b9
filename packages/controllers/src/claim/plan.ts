import type { ClaimRecord, ContainerRecord, WorkloadRecord } from '@boilerhouse/resources'

export interface ClaimView {
  readonly claim: ClaimRecord
  readonly container: Pick<ContainerRecord, 'state'> | undefined
  readonly workload: WorkloadRecord | undefined
  readonly now: number
}

export type ClaimStep = { readonly kind: 'resume' } | { readonly kind: 'wait'; readonly againMs?: number }

/** A claim that is under way is somebody's request; only one that stands still for so long is taken up. */
export const requestGraceMs = 2_000

/** Decide, without I/O, whether a claim needs a hand now, and otherwise when it may. Times come from rows, so they survive restarts. */
export function planClaim(view: ClaimView): ClaimStep {
  const { claim, now } = view
  if (claim.state === 'released' || claim.state === 'failed') return { kind: 'wait' }
  if (isLost(view) || claim.state === 'recovering') return { kind: 'resume' }
  // Its files are kept and an operator was told; the next release or a force goes on.
  if (claim.state === 'release_failed') return { kind: 'wait' }
  if (claim.state === 'active') return planIdle(view)
  const dueAt = claim.updatedAt + requestGraceMs
  return now >= dueAt ? { kind: 'resume' } : { kind: 'wait', againMs: dueAt - now }
}

function isLost({ claim, container }: ClaimView): boolean {
  if (claim.state === 'releasing' || claim.state === 'release_failed') return false
  return claim.containerId !== undefined && (container === undefined || !['bound', 'starting', 'warm'].includes(container.state))
}

function planIdle({ claim, workload, now }: ClaimView): ClaimStep {
  const idle = workload?.spec.idle
  if (!idle) return { kind: 'wait' }
  const dueAt = claim.lastActivityAt + idle.timeoutMs
  return now >= dueAt ? { kind: 'resume' } : { kind: 'wait', againMs: dueAt - now }
}
