import type { EventRecord } from '@boilerhouse/resources'

import type { ControllerKind } from './controller-deps.ts'
import type { WakeOptions } from './queue/work-queue.ts'

export interface Wake {
  readonly kind: ControllerKind
  readonly key: string
  readonly options?: WakeOptions
}

const restMs = 1_000

/** Whose work an event may be. The event itself is not passed on: the pass reads what is there now. */
export function wakesOf(event: EventRecord): readonly Wake[] {
  const { type, subject, poolId, containerId, claimId } = event
  const [area] = type.split('.')
  if (area === 'workload') return [{ kind: 'workload', key: subject.slice('workload/'.length), options: { isUrgent: true } }]
  if (area === 'pool')
    return poolId && type !== 'pool.phase' && type !== 'pool.warning'
      ? [{ kind: 'pool', key: poolId, options: { isUrgent: true } }]
      : []
  if (type === 'container.claimed' || type === 'claim.active') {
    // The claim's own request works on both; only the pool has something to do at once, and nothing may be in the way of the answer.
    return [
      ...(poolId && type === 'container.claimed' ? [{ kind: 'pool', key: poolId } as const] : []),
      ...(containerId ? [{ kind: 'container', key: containerId, options: { afterMs: restMs } } as const] : []),
      ...(claimId ? [{ kind: 'claim', key: claimId, options: { afterMs: restMs } } as const] : []),
    ]
  }
  if (area === 'container') {
    if (type === 'container.exec' || type === 'container.disk_exceeded') return []
    return [
      ...(containerId ? [{ kind: 'container', key: containerId } as const] : []),
      ...(poolId ? [{ kind: 'pool', key: poolId } as const] : []),
      ...(claimId && type !== 'container.released' ? [{ kind: 'claim', key: claimId } as const] : []),
    ]
  }
  if (area !== 'claim') return []
  const isOver =
    type === 'claim.released' || type === 'claim.failed' || type === 'claim.release_failed' || type === 'claim.releasing'
  return [
    ...(claimId ? [{ kind: 'claim', key: claimId } as const] : []),
    // A claim that moved decides what becomes of its container.
    ...(containerId ? [{ kind: 'container', key: containerId } as const] : []),
    ...(poolId && isOver ? [{ kind: 'pool', key: poolId } as const] : []),
  ]
}

/** A changed workload concerns its pools too; which they are, only the store knows. */
export const concernsPools = ({ type }: EventRecord): boolean => type.startsWith('workload.')
