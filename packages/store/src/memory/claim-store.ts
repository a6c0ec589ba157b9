import type { ClaimId, PoolId } from '@boilerhouse/base'
import { claimStates, claimTransitions, liveClaimStates, type ClaimRecord, type ClaimState } from '@boilerhouse/resources'

import type { ClaimQuery, ClaimStore } from '../store.ts'
import { bindClaim, rebindClaim } from './claim-bind.ts'
import { putClaim, removeClaim } from './claim-rows.ts'
import { pageOf } from './paging.ts'
import { compareAndSet, narrowed, type Writer } from './writer.ts'

const deliveredStates: readonly ClaimState[] = ['pending', 'restoring', 'recovering']
const finalClaimStates = claimStates.filter((state) => !liveClaimStates.includes(state))

export function createClaimStore(writer: Writer): ClaimStore {
  const { data } = writer
  const rows = (ids: Iterable<ClaimId>): ClaimRecord[] => [...ids].flatMap((id) => data.claims.get(id) ?? [])
  return {
    bind: async (input, options) => bindClaim(writer, input, options),
    rebind: async (claimId, containerId, options) => rebindClaim(writer, claimId, containerId, options),
    get: async (id) => data.claims.get(id),
    async live(tenantId, poolId) {
      const id = data.liveClaims.get(tenantId)?.get(poolId)
      return id === undefined ? undefined : data.claims.get(id)
    },
    liveOf: async (tenantId) => rows(data.liveClaims.get(tenantId)?.values() ?? []),
    list: async (query) =>
      pageOf(rows(newestIds(writer, query)).filter(fits(query)), (claim) => [claim.tenantId, claim.poolId], query),
    all: async ({ states = liveClaimStates, poolId }: { states?: typeof claimStates; poolId?: PoolId } = {}) =>
      rows(data.claimIndex.ids(states, poolId)),
    async transition(id, from, to, patch, options) {
      const expected = narrowed(claimTransitions, from, to)
      const entered: Partial<ClaimRecord> = to === 'recovering' ? { containerId: undefined } : {}
      return compareAndSet(
        writer,
        options,
        data.claims.get(id),
        (old) => expected.includes(old.state) && old.containerId === (options.holding ?? old.containerId),
        (old) => putClaim(data, old, { ...structuredClone(patch), ...entered, state: to, updatedAt: writer.now() }),
      )
    },
    async activate(marks) {
      const moved = new Set<ClaimId>()
      for (const { claimId, event } of marks) {
        const old = data.claims.get(claimId)
        if (!old || !deliveredStates.includes(old.state)) continue
        putClaim(data, old, { state: 'active', reason: undefined, updatedAt: writer.now() })
        writer.emit(event)
        moved.add(claimId)
      }
      return moved
    },
    async patch(id, inStates, patch, options) {
      const isExpected = (old: ClaimRecord) =>
        old.revision === (options.expectedRevision ?? old.revision) && inStates.includes(old.state)
      return compareAndSet(writer, options, data.claims.get(id), isExpected, (old) =>
        putClaim(data, old, { ...structuredClone(patch), updatedAt: writer.now() }),
      )
    },
    async touch(activity) {
      for (const [id, atMs] of activity) {
        const old = data.claims.get(id)
        if (old && atMs > old.lastActivityAt) putClaim(data, old, { lastActivityAt: atMs })
      }
    },
    async prune(beforeMs) {
      const old = rows(data.claimIndex.ids(finalClaimStates)).filter((claim) => claim.updatedAt < beforeMs)
      for (const claim of old) removeClaim(data, claim)
      return old.length
    },
  }
}

function* newestIds({ data }: Writer, { tenantId }: ClaimQuery): Generator<ClaimId> {
  const tenants = tenantId === undefined ? data.newestClaims.values() : [data.newestClaims.get(tenantId)]
  for (const pools of tenants) if (pools) yield* pools.values()
}

const fits =
  ({ poolId, states }: ClaimQuery) =>
  (claim: ClaimRecord): boolean =>
    (poolId === undefined || claim.poolId === poolId) && (states === undefined || states.includes(claim.state))
