import type { WorkloadRecord } from '@boilerhouse/resources'

export interface WorkloadView {
  readonly workload: WorkloadRecord
  /** Epoch ms; when this process last tried this generation, and how often it found no image. */
  readonly tried?: { readonly generation: number; readonly at: number; readonly misses: number }
  readonly now: number
}

export type WorkloadStep =
  | { readonly kind: 'inspect'; readonly image: string }
  | { readonly kind: 'build'; readonly context: string; readonly dockerfile?: string }
  | { readonly kind: 'refuse'; readonly reason: string }
  | { readonly kind: 'wait'; readonly againMs?: number }

const missing = 'runtime.image_not_found'
const lookAgain = { firstMs: 5_000, maxMs: 60_000 } as const

/** Decide, without I/O, what a workload needs to become ready. An error stays until the spec changes, or a missing image appears. */
export function planWorkload({ workload, tried, now }: WorkloadView): WorkloadStep {
  const { spec, status, generation } = workload
  if (status.state === 'ready') return { kind: 'wait' }
  if (status.state === 'error') {
    if (!status.reason?.startsWith(missing)) return { kind: 'wait' }
    const isSame = tried?.generation === generation
    const waitMs = Math.min(lookAgain.maxMs, lookAgain.firstMs * 2 ** (isSame ? tried.misses - 1 : 0))
    const dueAt = isSame && tried.misses > 0 ? tried.at + waitMs : now
    if (dueAt > now) return { kind: 'wait', againMs: dueAt - now }
  }
  if (spec.build) return { kind: 'build', ...spec.build }
  return spec.image
    ? { kind: 'inspect', image: spec.image }
    : { kind: 'refuse', reason: 'request.invalid: neither image nor build is given' }
}
