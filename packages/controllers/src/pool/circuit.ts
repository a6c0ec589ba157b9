import { backoffMs } from '@boilerhouse/base'

/** What is remembered of a pool's failed starts. Kept in memory; the pool's condition tells a new leader that it was open. */
export interface Circuit {
  /** Rounds of failures since a container last proved that the workload starts. */
  readonly failures: number
  /** Epoch ms; containers made before it belong to the round that was counted already. */
  readonly failedAt: number
  readonly reason: string
}

export const closedCircuit: Circuit = { failures: 0, failedAt: 0, reason: '' }

/** So many rounds open it: one crash of a healthy workload is no reason to slow its pool down. */
const openAfterFailures = 3
const backoff = { firstMs: 1_000, maxMs: 60_000 }
/** A container that dies younger than this never proved anything; one that gets older closes the circuit. */
export const provenAfterMs = 5_000

/** A container failed to start, or died right after it became warm. Ten that were started together and fail are one round. */
export function recordFailure(circuit: Circuit, failure: { createdAt: number; at: number; reason: string }): Circuit {
  if (isOpen(circuit) && failure.createdAt < circuit.failedAt) return circuit
  return { failures: circuit.failures + 1, failedAt: failure.at, reason: failure.reason }
}

/** What a new leader starts from where the pool's condition says that the circuit was open: one try, after the longest wait. */
export const reopened = (now: number, reason: string): Circuit => ({ failures: openAfterFailures + 1, failedAt: now, reason })

export const isOpen = (circuit: Circuit): boolean => circuit.failures >= openAfterFailures

/** When the next try is allowed, epoch ms. */
export const retryAt = (circuit: Circuit): number =>
  isOpen(circuit) ? circuit.failedAt + backoffMs(backoff, circuit.failures - openAfterFailures + 1) : 0

/**
 * How many containers may be unproven at once. Closed: as many as wanted. Open: none. Half-open: one, and it counts until it has
 * stayed warm for `provenAfterMs`, so that a workload that starts and dies does not flip the pool's phase on each try.
 */
export function allowedStarts(circuit: Circuit, unproven: number, now: number): number {
  if (!isOpen(circuit)) return Number.POSITIVE_INFINITY
  return now < retryAt(circuit) ? 0 : Math.max(0, 1 - unproven)
}
