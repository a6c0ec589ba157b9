import type { ContainerId } from '@boilerhouse/base'
import {
  hasOutdatedSettings,
  stuckRemovalMs,
  type ContainerRecord,
  type PoolPhase,
  type PoolRecord,
  type WorkloadRecord,
} from '@boilerhouse/resources'

import { mayGiveWay } from '../container/plan.ts'
import { allowedStarts, isOpen, provenAfterMs, retryAt, type Circuit } from './circuit.ts'
import { planConditions, quarantineCondition, removalCondition, type PlannedCondition } from './conditions.ts'
import { planRolling } from './rolling.ts'

export interface PoolView {
  readonly pool: PoolRecord
  /** Absent where it was deleted: nothing starts. */
  readonly workload: WorkloadRecord | undefined
  /** Every container of the pool that is not `gone`, without those that are counted in `bound`. */
  readonly containers: readonly ContainerRecord[]
  /** How many more there are with a tenant: the pool leaves them alone, so their rows are not read. */
  readonly bound?: number
  readonly circuit: Circuit
  readonly host: {
    readonly freeMb: number
    readonly minFreeMb: number
    /** How many containers the host still takes. */
    readonly room: number
  }
  /** Since when fewer are warm than wanted, epoch ms. */
  readonly shortSince: number | undefined
  /** Bound ones that are paused because they hold more than their diskMb. */
  readonly overDisk?: readonly ContainerId[]
  /** Why the pool's network could not be made, where it could not. */
  readonly networkFault?: { readonly code: string; readonly message: string }
  readonly now: number
}

export type PoolStep =
  | { readonly kind: 'create' }
  | { readonly kind: 'fail'; readonly containerId: ContainerId; readonly reason: string }
  | { readonly kind: 'drain'; readonly containerId: ContainerId; readonly reason: string }

export interface PoolPlan {
  readonly steps: readonly PoolStep[]
  readonly phase: PoolPhase
  readonly conditions: readonly PlannedCondition[]
  /** The circuit may be closed: a container has proved that the workload starts. */
  readonly isProven: boolean
  readonly isShort: boolean
  readonly counts: { readonly warm: number; readonly starting: number; readonly live: number; readonly wanted: number }
  readonly againMs?: number
}

/** A pool stays `ready` through a claim and its refill; only a longer shortage is told. */
const shortGraceMs = 1_000

/** Decide, without I/O, what must change. Applying a plan and planning again yields no steps. */
export function planPool(view: PoolView): PoolPlan {
  const sorted = sortContainers(view)
  return view.pool.status.phase === 'draining' ? planDraining(sorted, view.now) : planServing(view, sorted)
}

export interface Sorted {
  readonly live: readonly ContainerRecord[]
  /** With those that are only counted. */
  readonly liveCount: number
  readonly stuck: readonly ContainerRecord[]
  readonly starting: readonly ContainerRecord[]
  readonly warm: readonly ContainerRecord[]
  /** Of the workload as it is now. */
  readonly fresh: readonly ContainerRecord[]
  readonly outdated: readonly ContainerRecord[]
  /**
   * On their way to warm, the pool's own and what a waiting claim asked for alike: the claim counts the pool's as its own too, takes
   * what is warm first, and may be gone. Nobody has to be told whose is whose, and none is forgotten.
   */
  readonly coming: readonly ContainerRecord[]
}

function sortContainers({ pool, workload, containers, bound = 0, now }: PoolView): Sorted {
  const isStuck = (c: ContainerRecord) => c.state === 'starting' && now - c.createdAt > pool.spec.startDeadlineMs
  const isFresh = (c: ContainerRecord) =>
    workload === undefined || (c.workloadGeneration === workload.generation && !hasOutdatedSettings(c, pool.spec))
  const oldestFirst = [...containers].filter((c) => c.state !== 'gone').sort((a, b) => warmSince(a) - warmSince(b))
  const starting = oldestFirst.filter((c) => c.state === 'starting' && !isStuck(c))
  const warm = oldestFirst.filter((c) => c.state === 'warm')
  return {
    live: oldestFirst,
    liveCount: oldestFirst.length + bound,
    stuck: oldestFirst.filter(isStuck),
    starting,
    warm,
    fresh: warm.filter(isFresh),
    outdated: warm.filter((c) => !isFresh(c)),
    coming: [...starting.filter(isFresh), ...oldestFirst.filter((c) => c.state === 'resetting')],
  }
}

const warmSince = (c: ContainerRecord): number => c.warmAt ?? c.createdAt

const drain =
  (reason: string) =>
  (c: ContainerRecord): PoolStep => ({ kind: 'drain', containerId: c.id, reason })

function planDraining(sorted: Sorted, now: number): PoolPlan {
  const goes = ['starting', 'warm', 'unhealthy', 'failed']
  return {
    steps: sorted.live.filter((c) => goes.includes(c.state) || mayGiveWay(c)).map(drain('the pool is deleted')),
    phase: 'draining',
    conditions: [...quarantineCondition(sorted), ...removalCondition(sorted, now)],
    isProven: false,
    isShort: false,
    counts: { warm: sorted.warm.length, starting: sorted.starting.length, live: sorted.liveCount, wanted: 0 },
  }
}

function planServing(view: PoolView, sorted: Sorted): PoolPlan {
  const { pool, circuit, now } = view
  const wanted = wantedWarm(pool, sorted)
  const creates = countCreates(view, sorted)
  const surplus = planSurplus(view, sorted)
  const rolling = planRolling(view, sorted, creates)
  const stuck = sorted.stuck.map((c): PoolStep => ({ kind: 'fail', containerId: c.id, reason: stuckReason(view, c) }))
  const isShort = sorted.warm.length < wanted
  return {
    steps: [
      ...stuck,
      ...Array.from({ length: creates }, (): PoolStep => ({ kind: 'create' })),
      ...rolling.map(drain('the workload or a setting of its pool changed')),
      ...surplus.gone.map(drain('idle above minSize')),
      ...planQuarantine(view, sorted, creates).map(drain('its place is needed')),
    ],
    phase: phaseOf(view, sorted, isShort),
    conditions: planConditions(view, sorted),
    isProven: sorted.fresh.some((c) => c.createdAt >= circuit.failedAt && now - warmSince(c) >= provenAfterMs),
    isShort,
    counts: { warm: sorted.warm.length, starting: sorted.starting.length, live: sorted.liveCount, wanted },
    ...again(view, sorted, surplus.nextAt, isShort),
  }
}

/** minSize, or what is left of maxSize beside those that are in use. */
function wantedWarm({ spec }: PoolRecord, { liveCount, warm, starting, stuck }: Sorted): number {
  const inUse = liveCount - warm.length - starting.length - stuck.length
  return Math.max(0, Math.min(spec.minSize, spec.maxSize - inUse))
}

function countCreates(view: PoolView, sorted: Sorted): number {
  const { pool, workload, circuit, host, now } = view
  if (workload?.status.state !== 'ready' || view.networkFault || host.freeMb < host.minFreeMb) return 0
  const { liveCount, starting, fresh, coming } = sorted
  const unproven = starting.length + fresh.filter((c) => now - warmSince(c) < provenAfterMs).length
  return Math.max(
    0,
    Math.min(
      pool.spec.minSize - fresh.length - coming.length,
      pool.spec.maxFillConcurrency - starting.length,
      pool.spec.maxSize - liveCount,
      host.room,
      allowedStarts(circuit, unproven, now),
    ),
  )
}

/** Fresh warm ones above minSize go, the oldest first, each once it has been idle for idleTimeoutMs. */
function planSurplus({ pool, now }: PoolView, { fresh }: Sorted): { gone: readonly ContainerRecord[]; nextAt?: number } {
  const surplus = fresh.slice(0, Math.max(0, fresh.length - pool.spec.minSize))
  const goesAt = (c: ContainerRecord) => warmSince(c) + pool.spec.idleTimeoutMs
  const waiting = surplus.find((c) => goesAt(c) > now)
  return { gone: surplus.filter((c) => goesAt(c) <= now), ...(waiting ? { nextAt: goesAt(waiting) } : {}) }
}

/** A quarantined container is kept for whoever wants to look at it, until the pool needs its place. */
function planQuarantine(
  { pool }: PoolView,
  { live, liveCount, warm, coming }: Sorted,
  creates: number,
): readonly ContainerRecord[] {
  const isFull = liveCount + creates >= pool.spec.maxSize && !live.some((c) => c.state === 'draining')
  const isShort = warm.length + coming.length + creates < pool.spec.minSize
  return isFull && isShort ? live.filter(mayGiveWay).slice(0, 1) : []
}

function stuckReason({ pool }: PoolView, c: ContainerRecord): string {
  const last = c.health.history[0]
  const probe = last && !last.ok ? `; its last probe said: ${last.detail ?? 'no'}` : ''
  return `not warm within startDeadlineMs (${pool.spec.startDeadlineMs} ms)${probe}`
}

function phaseOf(view: PoolView, sorted: Sorted, isShort: boolean): PoolPhase {
  const { pool, workload, circuit, shortSince, now } = view
  if (isOpen(circuit) || view.networkFault) return 'degraded'
  if (workload === undefined || workload.status.state === 'error') return 'degraded'
  if (!isShort) return 'ready'
  const isBrief = pool.status.phase === 'ready' && now - (shortSince ?? now) < shortGraceMs
  return isBrief && sorted.liveCount > 0 ? 'ready' : 'filling'
}

function again(view: PoolView, sorted: Sorted, surplusAt: number | undefined, isShort: boolean): { againMs?: number } {
  const { pool, circuit, host, now, shortSince } = view
  const times = [
    surplusAt,
    ...sorted.starting.map((c) => c.createdAt + pool.spec.startDeadlineMs + 1),
    isOpen(circuit) ? Math.max(retryAt(circuit), now + 250) : undefined,
    ...(isOpen(circuit) ? sorted.fresh.map((c) => warmSince(c) + provenAfterMs) : []),
    isShort && pool.status.phase === 'ready' ? (shortSince ?? now) + shortGraceMs : undefined,
    host.freeMb < host.minFreeMb ? now + 5_000 : undefined,
    ...sorted.live.filter((c) => c.state === 'draining').map((c) => c.updatedAt + stuckRemovalMs + 1),
  ].filter((at): at is number => at !== undefined && at > now)
  return times.length === 0 ? {} : { againMs: Math.min(...times) - now }
}
