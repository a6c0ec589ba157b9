import { newClaimId, newContainerId, type ClaimId, type ContainerId } from '@boilerhouse/base'
import { claimStates, containerStates, poolPhases, type EventType } from '@boilerhouse/resources'
import * as fc from 'fast-check'

import type { Store, WriteOptions } from '../store.ts'
import { bindInput, event, faultOf, givenPool, poolId } from './seed.ts'

/** One write of a random history. The numbers choose among what the history has made so far, so that writes meet each other. */
export interface RandomWrite {
  readonly kind: keyof typeof writes
  readonly first: number
  readonly second: number
  readonly third: number
}

/** Ids are made beforehand, so that one history can be run on several stores. */
export interface Plan {
  readonly pools: readonly string[]
  readonly tenants: readonly string[]
  readonly steps: readonly { readonly write: RandomWrite; readonly containerId: ContainerId; readonly claimId: ClaimId }[]
}

export interface Step {
  readonly outcome: string
  /** What the store answered beside the outcome. */
  readonly answer?: unknown
}

interface Run {
  readonly store: Store
  readonly plan: Plan
  /** Made so far, newest last. */
  readonly containers: ContainerId[]
  readonly claims: ClaimId[]
}

type Write = (
  run: Run,
  write: RandomWrite,
  ids: { readonly containerId: ContainerId; readonly claimId: ClaimId },
  says: (type: EventType) => WriteOptions,
) => Promise<{ readonly outcome: string }>

const pick = <T>(from: readonly T[], n: number): T => from[n % from.length] as T
/** Among the newest eight: older ones are mostly in a final state. */
const recent = <T>(from: readonly T[], n: number, none: T): T => (from.length === 0 ? none : pick(from.slice(-8), n))

const writes = {
  async create({ store, plan, containers }, { first }, { containerId: id }, says) {
    const pool = poolId(pick(plan.pools, first))
    const created = await store.containers.create(
      { id, poolId: pool, workloadGeneration: 1, onDemand: false },
      says('container.created'),
    )
    if (created.outcome === 'ok') containers.push(id)
    return created
  },
  warm: ({ store, containers }, { first }, { containerId }, says) =>
    store.containers.transition(
      recent(containers, first, containerId),
      ['starting', 'unhealthy'],
      'warm',
      {},
      says('container.warm'),
    ),
  move: ({ store, containers }, { first, second }, { containerId }, says) =>
    store.containers.transition(
      recent(containers, first, containerId),
      containerStates,
      pick(containerStates, second),
      { reason: `${second}` },
      says('container.draining'),
    ),
  patch: ({ store, containers }, { first, second }, { containerId }, says) =>
    store.containers.patch(
      recent(containers, first, containerId),
      [pick(containerStates, second)],
      { reason: 'x' },
      says('container.unhealthy'),
    ),
  async bind({ store, plan, containers, claims }, { first, second, third }, { containerId, claimId }, says) {
    const candidate = recent(containers, first, containerId)
    const pool = (await store.containers.get(candidate))?.poolId ?? pick(plan.pools, second)
    const cap = third % 3 === 0 ? { maxClaims: 1 } : {}
    const bound = await store.claims.bind(
      bindInput(pool, pick(plan.tenants, second), candidate, { claimId, ...cap }),
      says('container.claimed'),
    )
    if (bound.outcome === 'bound') claims.push(claimId)
    return bound
  },
  rebind: ({ store, containers, claims }, { first, second }, { containerId, claimId }, says) =>
    store.claims.rebind(recent(claims, first, claimId), recent(containers, second, containerId), says('container.claimed')),
  moveClaim: ({ store, claims }, { first, second }, { claimId }, says) =>
    store.claims.transition(recent(claims, first, claimId), claimStates, pick(claimStates, second), {}, says('claim.active')),
  lose: ({ store, claims }, { first, second }, { claimId }, says) =>
    store.claims.transition(
      recent(claims, first, claimId),
      ['pending', 'active'],
      second % 2 ? 'active' : 'recovering',
      { losses: [second] },
      says('claim.recovering'),
    ),
  patchClaim: ({ store, claims }, { first, second }, { claimId }, says) =>
    store.claims.patch(
      recent(claims, first, claimId),
      ['pending', 'active'],
      { revision: (second % 3) + 1 },
      { ...says('claim.updated'), expectedRevision: second % 3 },
    ),
  phase: ({ store, plan }, { first, second }, _ids, says) =>
    store.pools.setStatus(
      poolId(pick(plan.pools, first)),
      // Draining is the end of a pool: rare, so that histories are long.
      { phase: second % 20 === 0 ? 'draining' : pick(poolPhases.slice(0, 3), second), conditions: [] },
      says('pool.phase'),
    ),
  removePool: ({ store, plan }, { first }, _ids, says) =>
    store.pools.remove(poolId(pick(plan.pools, first)), says('pool.deleted')),
} satisfies Record<string, Write>

const weights: Record<RandomWrite['kind'], number> = {
  create: 5,
  warm: 6,
  move: 3,
  patch: 1,
  bind: 7,
  rebind: 3,
  moveClaim: 4,
  lose: 4,
  patchClaim: 1,
  phase: 1,
  removePool: 1,
}

const kinds = Object.keys(weights) as RandomWrite['kind'][]
const number = fc.nat({ max: 1000 })
const randomWrite: fc.Arbitrary<RandomWrite> = fc.record({
  kind: fc.oneof(...kinds.map((kind) => ({ weight: weights[kind], arbitrary: fc.constant(kind) }))),
  first: number,
  second: number,
  third: number,
})
export const randomHistory = fc.array(randomWrite, { minLength: 20, maxLength: 80, size: 'max' })

export const planOf = (run: string, history: readonly RandomWrite[]): Plan => ({
  pools: [`${run}-p0`, `${run}-p1`],
  tenants: ['a', 'b', 'c'].map((tenant) => `${run}:${tenant}`),
  steps: history.map((write, i) => ({ write, containerId: newContainerId(i), claimId: newClaimId(i) })),
})

/** Makes the pools of the plan; returns what runs its `index`th write. */
export async function openRun(store: Store, plan: Plan): Promise<(index: number, by?: Store) => Promise<Step>> {
  for (const pool of plan.pools) await givenPool(store, pool, { maxSize: 5 })
  const made: Pick<Run, 'containers' | 'claims'> = { containers: [], claims: [] }
  return async (index, by = store) => {
    const { write, ...ids } = pick(plan.steps, index)
    const apply: Write = writes[write.kind]
    let outcome: { readonly outcome: string } | undefined
    const fault = await faultOf(
      apply({ store: by, plan, ...made }, write, ids, (type) => ({ event: event(type, `write/${index}`) })).then((answer) => {
        outcome = answer
        return answer
      }),
    )
    return outcome ? { outcome: outcome.outcome, answer: outcome } : { outcome: fault }
  }
}
