import { Fault } from '@boilerhouse/base'
import type { ClaimRecord, PoolRecord } from '@boilerhouse/resources'

/** So many losses within the pool's startDeadlineMs stop the recovery of a claim. */
const maxLosses = 3

/**
 * Losses never leave a record, so an open circuit stays open: release and claim again, and it is a new claim. An engine that ends takes
 * every container along: losses before `engineChangedAtMs` say nothing of the workload.
 */
export function isCircuitOpen(
  { losses }: Pick<ClaimRecord, 'losses'>,
  pool: Pick<PoolRecord, 'spec'>,
  engineChangedAtMs: number,
): boolean {
  const counted = losses.filter((atMs) => atMs > engineChangedAtMs)
  const newest = counted.at(-1)
  const oldest = counted.at(-maxLosses)
  return newest !== undefined && oldest !== undefined && newest - oldest <= pool.spec.startDeadlineMs
}

export const circuitFault = ({ id, losses, reason }: ClaimRecord): Fault =>
  new Fault('claim.circuit_open', `Claim ${id} lost ${losses.length} containers: ${reason ?? 'no reason given'}`)
