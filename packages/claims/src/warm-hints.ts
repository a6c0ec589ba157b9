import type { ContainerId, PoolId } from '@boilerhouse/base'
import type { EventRecord } from '@boilerhouse/resources'
import type { EventHub, Store } from '@boilerhouse/store'

/** How many ids an empty hint asks the database for. */
const refillSize = 64

/**
 * Which containers are probably warm, newest last. Only a hint: the compare-and-set of the bind decides. Fed by events and by what
 * this process binds itself; only an empty one asks the database.
 */
export interface WarmHints {
  /** A candidate that no other caller of this process has; the newest first. Give it back (`Demand.giveBack`), or forget it. */
  take(poolId: PoolId): ContainerId | undefined
  /** As `take`, and where nothing is known asks the database. */
  find(poolId: PoolId): Promise<ContainerId | undefined>
  /** For `Demand`, which knows whether somebody waits for it. */
  giveBack(poolId: PoolId, containerId: ContainerId): void
  /** It was bound, or is not warm: whoever took it is done with it. */
  forget(containerId: ContainerId): void
  close(): void
}

export function createWarmHints({ store, hub }: { readonly store: Store; readonly hub: EventHub }): WarmHints {
  const pools = new Map<PoolId, Hint>()
  const taken = new Set<ContainerId>()
  const refills = new Map<PoolId, Promise<void>>()
  const add = (poolId: PoolId, containerId: ContainerId): void => {
    const hint = pools.get(poolId) ?? { stack: [], warm: new Set() }
    pools.set(poolId, hint)
    if (hint.warm.has(containerId)) return
    hint.warm.add(containerId)
    hint.stack.push(containerId)
  }
  const take = (poolId: PoolId): ContainerId | undefined => {
    const hint = pools.get(poolId)
    for (let id = hint?.stack.pop(); id !== undefined; id = hint?.stack.pop()) {
      if (!hint?.warm.delete(id)) continue
      taken.add(id)
      return id
    }
    return undefined
  }
  const refill = async (poolId: PoolId): Promise<void> => {
    const ids = await store.containers.warmIds(poolId, refillSize)
    for (const id of ids.toReversed()) if (!taken.has(id)) add(poolId, id)
  }
  const unsubscribe = hub.subscribe((event: EventRecord) => {
    const { type, poolId, containerId } = event
    if (type === 'pool.deleted' && poolId) pools.delete(poolId)
    if (!poolId || !containerId || !type.startsWith('container.')) return
    if (type === 'container.warm') {
      if (!taken.has(containerId)) add(poolId, containerId)
    } else if (type !== 'container.exec') pools.get(poolId)?.warm.delete(containerId)
  })
  return {
    take,
    async find(poolId) {
      const known = take(poolId)
      if (known !== undefined) return known
      // Sixty callers of an empty hint ask once.
      const asking = refills.get(poolId) ?? refill(poolId).finally(() => refills.delete(poolId))
      refills.set(poolId, asking)
      await asking
      return take(poolId)
    },
    giveBack(poolId, containerId) {
      taken.delete(containerId)
      add(poolId, containerId)
    },
    forget: (containerId) => void taken.delete(containerId),
    close: unsubscribe,
  }
}

interface Hint {
  /** May name what is not warm any more, or twice: `warm` decides. */
  readonly stack: ContainerId[]
  readonly warm: Set<ContainerId>
}
