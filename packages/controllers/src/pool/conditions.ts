import { holdsUnkeptFiles } from '@boilerhouse/claims'
import { stuckRemoval, type Condition } from '@boilerhouse/resources'

import { isOpen } from './circuit.ts'
import type { PoolView, Sorted } from './plan.ts'

export type PlannedCondition = Omit<Condition, 'since'>

/** What keeps the pool from being what it should be, for people and for the claims that must say why. */
export function planConditions(view: PoolView, sorted: Sorted): readonly PlannedCondition[] {
  const { circuit, host, networkFault, pool } = view
  const isShort = sorted.fresh.length + sorted.coming.length < pool.spec.minSize
  return [
    ...workloadCondition(view),
    ...when(isOpen(circuit), 'CircuitOpen', reasonCode(circuit.reason), circuit.reason),
    ...when(networkFault !== undefined, 'NetworkFailed', networkFault?.code ?? '', networkFault?.message ?? ''),
    ...when(
      host.freeMb < host.minFreeMb,
      'HostDiskFull',
      'host.disk_full',
      `less than ${host.minFreeMb} MB are free on the host: nothing starts`,
    ),
    ...when(isShort && host.room <= 0, 'MaxContainers', 'host.container_limit', 'the host holds as many containers as allowed'),
    ...diskCondition(view),
    ...quarantineCondition(sorted),
    ...removalCondition(sorted, view.now),
    ...when(sorted.outdated.length > 0, 'Rolling', 'rolling', 'warm containers of the earlier workload or settings are replaced'),
  ]
}

const when = (isSo: boolean, type: string, reason: string, message: string): readonly PlannedCondition[] =>
  isSo ? [{ type, reason, message }] : []

function diskCondition({ overDisk = [] }: PoolView): readonly PlannedCondition[] {
  const message = `${overDisk.join(', ')}: paused, holding more than diskMb; a release keeps the files, a larger diskMb lets them go on`
  return when(overDisk.length > 0, 'DiskExceeded', 'container.disk_exceeded', message)
}

/** Files that exist nowhere else wait for a person, also in a pool that is deleted. */
export function quarantineCondition({ live }: Sorted): readonly PlannedCondition[] {
  const kept = live.filter(holdsUnkeptFiles)
  const message = `${kept.map((c) => c.id).join(', ')}: files of a tenant that could not be kept; look at each, then ./boilerhouse container delete <id> --force`
  return when(kept.length > 0, 'Quarantined', 'claim.release_failed', message)
}

/** The engine does not let go of them; they count against maxSize as long as they are there. */
export function removalCondition({ live }: Sorted, now: number): readonly PlannedCondition[] {
  const stuck = live.flatMap((c) => {
    const fault = stuckRemoval(c, now)
    return fault === undefined ? [] : [{ id: c.id, fault }]
  })
  const message = `${stuck.map(({ id, fault }) => `${id}: ${fault}`).join('; ')}; each is tried again every few seconds`
  return when(stuck.length > 0, 'RemovalStuck', reasonCode(stuck[0]?.fault ?? '', 'draining'), message)
}

function workloadCondition({ workload }: PoolView): readonly PlannedCondition[] {
  if (workload === undefined) return [{ type: 'WorkloadNotReady', reason: 'workload.not_found', message: 'the workload is gone' }]
  const { state, reason = '' } = workload.status
  if (state === 'ready') return []
  const code = state === 'error' ? reasonCode(reason) : 'creating'
  return [{ type: 'WorkloadNotReady', reason: code, message: reason || 'the workload is being prepared' }]
}

/** Reasons begin with their fault code where they have one: `runtime.start_failed: …`. */
const reasonCode = (reason: string, otherwise = 'start_failed'): string =>
  /^[a-z]+\.[a-z_]+(?=:|$)/.exec(reason)?.[0] ?? otherwise

/** Conditions with the time since when each holds; one whose type stays keeps its time. */
export function withSince(planned: readonly PlannedCondition[], before: readonly Condition[], now: number): readonly Condition[] {
  return planned.map((condition) => ({
    ...condition,
    since: before.find((one) => one.type === condition.type)?.since ?? new Date(now).toISOString(),
  }))
}
