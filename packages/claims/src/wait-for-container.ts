import { Fault, type ContainerId, type PoolId } from '@boilerhouse/base'
import type { EventRecord } from '@boilerhouse/resources'

import type { ClaimsDeps } from './claims-deps.ts'
import type { Catalogue } from './catalogue.ts'
import type { Run } from './run.ts'
import { countComing, hostRefusal, startMissing } from './start-missing.ts'
import type { WarmHints } from './warm-hints.ts'

/** So often may a container fail to start under one waiting claim before the claim is told. */
const maxFailedStarts = 2

/** Claims that found nothing warm, first come first served, by event and never by polling. */
export interface Demand {
  /**
   * A candidate for this pool, once there is one. Starts a container where none is coming. Throws `pool.exhausted`, `pool.degraded`,
   * `pool.draining`, `host.disk_full`, `host.container_limit`, `workload.not_ready`, `runtime.start_failed`, and `claim.timeout` at the run's deadline.
   */
  wait(poolId: PoolId, run: Pick<Run, 'signal' | 'deadlineMs'>): Promise<ContainerId>
  /** A candidate that was not bound: whoever has waited longest gets it, else the hints. No event tells of it, and nobody is asked. */
  giveBack(poolId: PoolId, containerId: ContainerId): void
  close(): void
}

interface Waiter {
  readonly give: (containerId: ContainerId) => void
  readonly fail: (error: unknown) => void
  failedStarts: number
}

type Waiters = Map<PoolId, readonly Waiter[]>

export type DemandDeps = Pick<ClaimsDeps, 'store' | 'hub' | 'clock' | 'metrics' | 'log' | 'settings'> & {
  readonly hints: WarmHints
  readonly catalogue: Catalogue
}

export function createDemand(deps: DemandDeps): Demand {
  const waiters: Waiters = new Map()
  const look = createLook(deps, waiters)
  const unsubscribe = deps.hub.subscribe((event) => {
    if (event.type.startsWith('workload.')) for (const poolId of waiters.keys()) look(poolId)
    else if (event.poolId && waiters.has(event.poolId)) onPoolEvent(event, event.poolId)
  })
  const onPoolEvent = (event: EventRecord, poolId: PoolId): void => {
    const first = waiters.get(poolId)?.[0]
    if (first && isFailedStart(event)) {
      const reason = String(event.data['reason'] ?? 'no reason given')
      const refusal = hostRefusal(reason)
      if (refusal) first.fail(refusal)
      else if (++first.failedStarts >= maxFailedStarts)
        first.fail(new Fault('runtime.start_failed', `A container of pool ${poolId} could not be started: ${reason}`))
    }
    if (event.type !== 'container.exec' && event.type !== 'container.created') look(poolId)
  }
  return {
    wait: (poolId, run) => enqueue(deps, waiters, poolId, run, () => look(poolId)),
    giveBack: (poolId, containerId) => give(deps, waiters, poolId, containerId),
    close() {
      unsubscribe()
      for (const each of [...waiters.values()].flat()) each.fail(new Fault('server.stopping', 'The server is stopping'))
    },
  }
}

const isFailedStart = ({ type, data }: EventRecord): boolean =>
  type === 'container.failed' || (type === 'container.draining' && data['from'] === 'starting')

/** Stands in the queue until it is given a container, fails, times out or is aborted; it leaves the queue in the same moment. */
async function enqueue(
  { clock }: DemandDeps,
  waiters: Waiters,
  poolId: PoolId,
  { signal, deadlineMs }: Pick<Run, 'signal' | 'deadlineMs'>,
  onWaiting: () => void,
): Promise<ContainerId> {
  signal.throwIfAborted()
  const { promise, resolve, reject } = Promise.withResolvers<ContainerId>()
  const leaving =
    <Value>(settle: (value: Value) => void) =>
    (value: Value) => {
      const left = (waiters.get(poolId) ?? []).filter((each) => each !== waiter)
      if (left.length > 0) waiters.set(poolId, left)
      else waiters.delete(poolId)
      settle(value)
    }
  const waiter: Waiter = { give: leaving(resolve), fail: leaving(reject), failedStarts: 0 }
  waiters.set(poolId, [...(waiters.get(poolId) ?? []), waiter])
  const onAbort = () => waiter.fail(signal.reason)
  signal.addEventListener('abort', onAbort, { once: true })
  const timer = new AbortController()
  const leftMs = deadlineMs - clock.monotonicMs()
  if (leftMs !== Infinity) void clock.sleep(Math.max(0, leftMs), timer.signal).then(() => waiter.fail(tooLate(poolId)))
  onWaiting()
  try {
    return await promise
  } finally {
    timer.abort()
    signal.removeEventListener('abort', onAbort)
  }
}

const tooLate = (poolId: PoolId): Fault =>
  new Fault('claim.timeout', `No container of pool ${poolId} was ready in time`, { retryAfterMs: 1000 })

/** Looks at a pool's queue: one look at a time, and another one after it where something happened meanwhile. */
function createLook(deps: DemandDeps, waiters: Waiters): (poolId: PoolId) => void {
  const looking = new Set<PoolId>()
  const again = new Set<PoolId>()
  const look = async (poolId: PoolId): Promise<void> => {
    if (looking.has(poolId)) return void again.add(poolId)
    looking.add(poolId)
    try {
      do {
        again.delete(poolId)
        await serve(deps, waiters, poolId)
      } while (again.has(poolId) && waiters.has(poolId))
    } catch (error) {
      for (const waiter of waiters.get(poolId) ?? []) waiter.fail(error)
    } finally {
      looking.delete(poolId)
    }
  }
  return (poolId) => void look(poolId)
}

async function serve(deps: DemandDeps, waiters: Waiters, poolId: PoolId): Promise<void> {
  let coming = 0
  do {
    if (!waiters.has(poolId)) return
    // Counted before the last look at what is warm: what becomes warm in between is given, and not started a second time.
    coming = await countComing(deps, poolId)
  } while ((await giveWarm(deps, waiters, poolId)) > 0)
  const queue = waiters.get(poolId) ?? []
  const { room, reason } = await startMissing(deps, poolId, { wanted: queue.length, coming })
  // Whoever came last goes first: there is nothing coming for them.
  for (const waiter of queue.slice(room)) waiter.fail(reason())
}

/** To whoever has waited longest; returns how many it gave. */
async function giveWarm(deps: DemandDeps, waiters: Waiters, poolId: PoolId): Promise<number> {
  for (let given = 0; ; given++) {
    if (!waiters.has(poolId)) return given
    const id = await deps.hints.find(poolId)
    if (id === undefined) return given
    give(deps, waiters, poolId, id)
  }
}

/** Those who wait may have left meanwhile. */
function give({ hints }: DemandDeps, waiters: Waiters, poolId: PoolId, containerId: ContainerId): void {
  const first = waiters.get(poolId)?.[0]
  if (first) first.give(containerId)
  else hints.giveBack(poolId, containerId)
}
