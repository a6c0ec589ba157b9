import {
  hasOutdatedSettings,
  networkSizeOf,
  type ContainerRecord,
  type PoolRecord,
  type WorkloadRecord,
} from '@boilerhouse/resources'

import type { Term } from '../controller-deps.ts'

/** What is known of a network that stands beside a pool's own: one it has outgrown, or of another access. */
export interface FormerNetwork {
  /** The workload's generation and the network's size that this was found out for. */
  readonly of: string
  readonly isThere: boolean
  /** Epoch ms; undefined once there is nothing more to look for. */
  readonly lookAt: number | undefined
}

/** Tenants may stay in a former network for days: their rows, which are many, are read only so often. */
const lookEveryMs = 10_000

interface Rows {
  readonly pool: PoolRecord
  readonly workload: WorkloadRecord | undefined
  /** Without those that are bound. */
  readonly containers: readonly ContainerRecord[]
}

/** Has the pool's networks looked at once more when the last container of the former one is gone: an empty one goes then. */
export async function removeFormerNetwork(
  { store, networks, clock }: Term,
  memory: { formerNetwork?: FormerNetwork },
  { pool, workload, containers }: Rows,
  signal: AbortSignal,
): Promise<void> {
  if (!workload || pool.status.phase === 'draining') return
  const now = clock.nowMs()
  const of = `${workload.generation} ${networkSizeOf(pool.spec.maxSize)}`
  const known = memory.formerNetwork?.of === of ? memory.formerNetwork : { of, isThere: false, lookAt: now }
  memory.formerNetwork = known
  const isOutdated = (row: ContainerRecord) =>
    row.workloadGeneration !== workload.generation || hasOutdatedSettings(row, pool.spec)
  const isThere = { of, isThere: true, lookAt: now + lookEveryMs }
  if (containers.some(isOutdated)) memory.formerNetwork = { ...isThere, lookAt: now }
  else if (known.lookAt !== undefined && known.lookAt <= now) {
    memory.formerNetwork = isThere
    const bound = await store.containers.all({ poolId: pool.id, states: ['bound'] })
    if (bound.some(isOutdated)) return
    if (known.isThere) {
      networks.forget(pool.id)
      await networks.ensure(pool, workload, signal)
    }
    memory.formerNetwork = { of, isThere: false, lookAt: undefined }
  }
}
