import type { PoolId } from '@boilerhouse/base'

/** Ids by pool and state, so that no query walks rows it does not return. */
export interface StateIndex<Id extends string, State extends string> {
  /** `from` absent: the row is new. `to` absent: it is removed. */
  move(poolId: PoolId, id: Id, from: State | undefined, to: State | undefined): void
  /** Of all pools where `poolId` is not given. */
  ids(states: readonly State[], poolId?: PoolId): Id[]
  count(states: readonly State[], poolId?: PoolId): number
  pools(): Iterable<PoolId>
}

export function createStateIndex<Id extends string, State extends string>(): StateIndex<Id, State> {
  const pools = new Map<PoolId, Map<State, Set<Id>>>()
  const totals = new Map<State, number>()

  const add = (poolId: PoolId, id: Id, state: State, by: 1 | -1) => {
    totals.set(state, (totals.get(state) ?? 0) + by)
    const states = pools.get(poolId) ?? new Map<State, Set<Id>>()
    const ids = states.get(state) ?? new Set<Id>()
    if (by === 1) ids.add(id)
    else ids.delete(id)
    if (ids.size > 0) states.set(state, ids)
    else states.delete(state)
    if (states.size > 0) pools.set(poolId, states)
    else pools.delete(poolId)
  }
  const sets = function* (states: readonly State[], poolId?: PoolId): Generator<Set<Id>> {
    const chosen = poolId === undefined ? pools.values() : [pools.get(poolId)]
    for (const pool of chosen)
      for (const state of states) {
        const ids = pool?.get(state)
        if (ids) yield ids
      }
  }
  return {
    move(poolId, id, from, to) {
      if (from === to) return
      if (from !== undefined) add(poolId, id, from, -1)
      if (to !== undefined) add(poolId, id, to, 1)
    },
    ids(states, poolId) {
      const found: Id[] = []
      for (const ids of sets(states, poolId)) for (const id of ids) found.push(id)
      return found
    },
    count(states, poolId) {
      let count = 0
      if (poolId === undefined) for (const state of states) count += totals.get(state) ?? 0
      else for (const ids of sets(states, poolId)) count += ids.size
      return count
    },
    pools: () => pools.keys(),
  }
}
