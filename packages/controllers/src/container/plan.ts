import { holdsUnkeptFiles } from '@boilerhouse/claims'
import type { ClaimRecord, ContainerRecord, PoolRecord, WorkloadRecord } from '@boilerhouse/resources'
import { isDiskExceeded, isLiveClaim } from '@boilerhouse/resources'
import type { RuntimeContainer } from '@boilerhouse/runtime'

import { healthCheckOf } from './probe-cadence.ts'

/** What this process remembers of a container beside its row; all of it can be lost at any time. */
export interface Memory {
  /** When the next probe is due, epoch ms; 0: now. */
  readonly nextProbeAt: number
  /** The newest probe of this state passed. */
  readonly hasPassed: boolean
  /** Since when a warm one fails its probes, epoch ms. */
  readonly unhealthySince?: number
  /** How often it went from warm to unhealthy. */
  readonly timesUnhealthy: number
  /** When this very process wiped it for reuse, epoch ms. */
  readonly resetAt?: number
  /** The wipe is done: what the engine runs now holds nothing of the tenant. */
  readonly isWiped?: boolean
}

export interface ContainerView {
  readonly row: ContainerRecord
  /** As the engine last told; `unknown` where it was not asked yet. */
  readonly engine: RuntimeContainer | 'absent' | 'unknown'
  readonly isEngineConnected: boolean
  readonly pool: PoolRecord | undefined
  readonly workload: WorkloadRecord | undefined
  /** The claim that the row names. */
  readonly claim: ClaimRecord | undefined
  readonly memory: Memory
  readonly isDiskFull: boolean
  readonly now: number
}

export type ContainerStep =
  | { readonly kind: 'wait'; readonly againMs?: number }
  | { readonly kind: 'start' | 'warm' | 'probe' | 'reset' | 'wipe' | 'destroy' | 'forget' }
  | { readonly kind: 'fail' | 'lose' | 'quarantine'; readonly reason: string }
  /** `isBroken`: it ended by itself, which tells the pool's circuit something about the workload. */
  | { readonly kind: 'drain'; readonly reason: string; readonly isBroken?: true }

/** A warm container that fails its probe may come back for so long; then, or the second time, it is replaced. */
const recoverGraceMs = 10_000

export const uncleanReason = 'unclean'

/**
 * Quarantined by its wipe: its tenant's files were kept before, so it may give way. One that holds files that exist nowhere else waits
 * for an operator, or for the end of its pool.
 */
export const mayGiveWay = (row: ContainerRecord): boolean => row.state === 'quarantined' && !holdsUnkeptFiles(row)

/** Decide, without I/O, the one next thing to do with a container. */
export function planContainer(view: ContainerView): ContainerStep {
  const { state } = view.row
  if (state === 'gone') return { kind: 'forget' }
  if (state === 'draining') return view.isEngineConnected ? { kind: 'destroy' } : wait
  if (state === 'failed') return drain(view.row.reason ?? 'it failed')
  if (state === 'bound') return planBound(view)
  if (state === 'lost') return isHeld(view) ? wait : drain(view.row.reason ?? 'it was lost')
  const { pool, workload } = view
  if (state === 'quarantined' && !mayGiveWay(view.row)) return wait
  if (!pool || !workload || pool.status.phase === 'draining') return drain('the pool is deleted')
  if (state === 'quarantined') return wait
  if (state === 'starting') return planStarting(view, pool, workload)
  if (state === 'resetting') return planResetting(view, pool, workload)
  return planWarm(view, workload)
}

const wait: ContainerStep = { kind: 'wait' }
const drain = (reason: string): ContainerStep => ({ kind: 'drain', reason })

/** Does a live claim refer to the container? As long as one does, nobody but `claims` ends it. */
const isHeld = ({ row, claim }: ContainerView): boolean =>
  claim !== undefined && isLiveClaim(claim.state) && claim.containerId === row.id

function planStarting(view: ContainerView, pool: PoolRecord, workload: WorkloadRecord): ContainerStep {
  const { row, engine, isEngineConnected, isDiskFull, now } = view
  const isThere = typeof engine === 'object'
  if (!isThere && (row.workloadGeneration !== workload.generation || workload.status.state !== 'ready'))
    return drain('the workload changed before it started')
  if (!isEngineConnected) return wait
  const leftMs = row.createdAt + pool.spec.startDeadlineMs - now
  if (leftMs < 0)
    return { kind: 'fail', reason: `not warm within startDeadlineMs (${pool.spec.startDeadlineMs} ms)${lastProbe(row)}` }
  if (!isThere && isDiskFull) return { kind: 'fail', reason: 'host.disk_full: nothing starts while the disk of the host is full' }
  if (!isThere || engine.phase === 'created') return { kind: 'start' }
  const broken = whatBroke(view)
  if (broken) return { kind: 'fail', reason: broken }
  return needsProbe(workload) ? probeOrPass(view, leftMs) : { kind: 'warm' }
}

function planWarm(view: ContainerView, workload: WorkloadRecord): ContainerStep {
  const { row, engine, isEngineConnected, memory, now } = view
  if (!isEngineConnected || engine === 'unknown') return wait
  const broken = whatBroke(view)
  if (broken) return { kind: 'drain', reason: broken, isBroken: true }
  if (!needsProbe(workload)) return row.state === 'unhealthy' ? { kind: 'warm' } : wait
  if (row.state === 'warm') return probeOrWait(view)
  const since = memory.unhealthySince ?? row.updatedAt
  if (memory.timesUnhealthy > 1 || now - since > recoverGraceMs) return drain(`it failed its probe${lastProbe(row)}`)
  return probeOrPass(view, since + recoverGraceMs + 1 - now)
}

function planBound(view: ContainerView): ContainerStep {
  const { row, claim, workload, engine, isEngineConnected } = view
  if (!isHeld(view)) return mayReuse(view) ? { kind: 'reset' } : drain('its claim ended')
  // A release stops the container itself; while files are kept, nothing here is a loss.
  if (claim?.state === 'releasing' || claim?.state === 'release_failed') return wait
  if (!isEngineConnected || engine === 'unknown') return wait
  const isPausedByUs = typeof engine === 'object' && engine.phase === 'paused' && isDiskExceeded(row)
  if (isPausedByUs) return wait
  const broken = whatBroke(view)
  if (broken) return { kind: 'lose', reason: broken }
  return claim?.state === 'active' && workload?.spec.healthCheck ? probeOrWait(view) : wait
}

function mayReuse({ row, claim, pool, workload, isEngineConnected }: ContainerView): boolean {
  return (
    pool?.spec.reuse === 'restart' &&
    pool.status.phase !== 'draining' &&
    workload?.generation === row.workloadGeneration &&
    workload.status.state === 'ready' &&
    claim?.state === 'released' &&
    isEngineConnected
  )
}

/**
 * A container that another process began to wipe is not finished but removed: its removal may still be under way, and must never
 * hit a container that has a tenant again.
 */
function planResetting(view: ContainerView, pool: PoolRecord, workload: WorkloadRecord): ContainerStep {
  const { memory, isEngineConnected, engine, now } = view
  if (memory.resetAt === undefined) return drain('its wipe was interrupted')
  if (!isEngineConnected) return wait
  const leftMs = memory.resetAt + pool.spec.startDeadlineMs - now
  if (leftMs < 0)
    return {
      kind: 'quarantine',
      reason: `${uncleanReason}: not warm within ${pool.spec.startDeadlineMs} ms${lastProbe(view.row)}`,
    }
  if (!memory.isWiped || typeof engine !== 'object' || engine.phase === 'created') return { kind: 'wipe' }
  const broken = whatBroke(view)
  if (broken) return { kind: 'quarantine', reason: `${uncleanReason}: ${broken}` }
  return needsProbe(workload) ? probeOrPass(view, leftMs) : { kind: 'warm' }
}

/** A parked container's own process waits for its claim: there is nothing to probe before. */
const needsProbe = ({ spec }: WorkloadRecord): boolean => healthCheckOf(spec) !== undefined

const probeOrWait = ({ memory, now }: ContainerView): ContainerStep =>
  memory.nextProbeAt <= now ? { kind: 'probe' } : { kind: 'wait', againMs: memory.nextProbeAt - now }

function probeOrPass(view: ContainerView, leftMs: number): ContainerStep {
  if (view.memory.hasPassed) return { kind: 'warm' }
  const step = probeOrWait(view)
  return step.kind === 'wait' ? { kind: 'wait', againMs: Math.min(step.againMs ?? leftMs, Math.max(leftMs, 0) + 1) } : step
}

/** Why a container that should run does not, as the engine tells it. */
function whatBroke({ engine, row }: ContainerView): string | undefined {
  if (engine === 'unknown') return undefined
  if (engine === 'absent') return 'it vanished from the engine'
  if (engine.phase === 'exited' || engine.phase === 'dead')
    return `its process ended${engine.exitCode === undefined ? '' : ` with code ${engine.exitCode}`}${engine.oomKilled ? ', out of memory' : ''}`
  if (engine.phase === 'paused') return isDiskExceeded(row) ? row.reason : 'it was paused from outside'
  return engine.isConnected ? undefined : 'its network was taken away'
}

function lastProbe({ health }: ContainerRecord): string {
  const last = health.history[0]
  return last && !last.ok ? `; its last probe said: ${last.detail ?? 'no'}` : ''
}
