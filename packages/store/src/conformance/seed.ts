import { newClaimId, newContainerId, type ClaimId, type ContainerId, type PoolId, type TenantId } from '@boilerhouse/base'
import type { WorkloadId } from '@boilerhouse/base'
import {
  containerTransitions,
  createValidator,
  PoolSpec,
  WorkloadSpec,
  type ClaimRecord,
  type ClaimState,
  type ContainerRecord,
  type ContainerState,
  type EventInput,
  type EventRecord,
  type EventType,
  type PoolRecord,
  type WorkloadRecord,
} from '@boilerhouse/resources'

import type { BindInput, BindOutcome, EventFilter, Page, PageQuery, Store } from '../store.ts'

export const poolId = (id: string): PoolId => id as PoolId
export const tenantId = (id: string): TenantId => id as TenantId
export const workloadId = (id: string): WorkloadId => id as WorkloadId

const workloadDefaults = createValidator(WorkloadSpec).parse({
  name: 'Echo',
  image: 'echo:1',
  ports: [{ name: 'http', containerPort: 8080 }],
})
const poolDefaults = createValidator(PoolSpec).parse({ workloadId: 'echo', maxSize: 1000 })

export const workloadSpec = (changes: Partial<WorkloadSpec> = {}): WorkloadSpec => ({ ...workloadDefaults, ...changes })
export const poolSpec = (changes: Partial<PoolSpec> = {}): PoolSpec => ({ ...poolDefaults, ...changes })

export const event = (type: EventType, subject: string, more: Partial<EventInput> = {}): EventInput => ({
  type,
  actor: 'conformance',
  subject,
  ...more,
})

export async function givenWorkload(store: Store, id = 'echo'): Promise<WorkloadRecord> {
  const created = await store.workloads.create({ id: workloadId(id), spec: workloadSpec() }, {})
  if (created.outcome !== 'ok') throw new Error(`Cannot seed workload ${id}: ${created.outcome}`)
  return created.record
}

/** A pool, and its workload where that is not there. */
export async function givenPool(store: Store, id = 'demo', changes: Partial<PoolSpec> = {}): Promise<PoolRecord> {
  const spec = poolSpec(changes)
  if (!(await store.workloads.get(workloadId(spec.workloadId)))) await givenWorkload(store, spec.workloadId)
  const created = await store.pools.create({ id: poolId(id), spec }, {})
  if (created.outcome !== 'ok') throw new Error(`Cannot seed pool ${id}: ${created.outcome}`)
  return created.record
}

/** A container of the pool, walked by transitions to `state` (any but `bound` and what follows only from it). */
export async function givenContainer(store: Store, pool: string, state: ContainerState = 'starting'): Promise<ContainerRecord> {
  const id = newContainerId(Date.now())
  const created = await store.containers.create({ id, poolId: poolId(pool), workloadGeneration: 1, onDemand: false }, {})
  if (created.outcome !== 'ok') throw new Error(`Cannot seed a container of ${pool}: ${created.outcome}`)
  return move(store, created.record, pathTo(state))
}

const pathTo = (state: ContainerState): readonly ContainerState[] => {
  if (state === 'starting') return []
  if (state === 'gone') return ['draining', 'gone']
  const direct: readonly ContainerState[] = containerTransitions.starting
  return direct.includes(state) ? [state] : ['warm', state]
}

async function move(store: Store, record: ContainerRecord, path: readonly ContainerState[]): Promise<ContainerRecord> {
  let latest = record
  for (const to of path) {
    const moved = await store.containers.transition(latest.id, [latest.state], to, {}, {})
    if (moved.outcome !== 'ok') throw new Error(`Cannot seed: ${latest.state} -> ${to} is ${moved.outcome}`)
    latest = moved.record
  }
  return latest
}

export const givenWarm = async (store: Store, pool: string, count: number): Promise<readonly ContainerRecord[]> =>
  Promise.all(Array.from({ length: count }, () => givenContainer(store, pool, 'warm')))

export const bindInput = (
  pool: string,
  tenant: string,
  containerId: ContainerId,
  changes: Partial<BindInput> = {},
): BindInput => ({
  claimId: newClaimId(Date.now()),
  tenantId: tenantId(tenant),
  poolId: poolId(pool),
  containerId,
  source: 'pool',
  metadata: {},
  secretNames: [],
  ...changes,
})

const claimedEvent = (input: BindInput): EventInput =>
  event('container.claimed', `container/${input.containerId}`, {
    tenantId: input.tenantId,
    poolId: input.poolId,
    containerId: input.containerId,
    claimId: input.claimId,
  })

export const bind = (store: Store, input: BindInput): Promise<BindOutcome> =>
  store.claims.bind(input, { event: claimedEvent(input) })

/** A fresh warm container, bound to a new claim of the tenant. */
export async function givenClaim(
  store: Store,
  pool: string,
  tenant: string,
  changes: Partial<BindInput> = {},
): Promise<{ readonly claim: ClaimRecord; readonly container: ContainerRecord }> {
  const warm = await givenContainer(store, pool, 'warm')
  const bound = await bind(store, bindInput(pool, tenant, warm.id, changes))
  if (bound.outcome !== 'bound') throw new Error(`Cannot seed a claim of ${tenant}: ${bound.outcome}`)
  return bound
}

export async function moveClaim(store: Store, claim: ClaimId, path: readonly ClaimState[]): Promise<ClaimRecord> {
  let latest: ClaimRecord | undefined
  for (const to of path) {
    const current = await store.claims.get(claim)
    if (!current) throw new Error(`Cannot seed: there is no claim ${claim}`)
    const moved = await store.claims.transition(claim, [current.state], to, {}, {})
    if (moved.outcome !== 'ok') throw new Error(`Cannot seed: ${current.state} -> ${to} is ${moved.outcome}`)
    latest = moved.record
  }
  if (!latest) throw new Error('Cannot seed: the path is empty')
  return latest
}

/** Every event after `cursor`, read in pages of `limit`. */
export async function eventsAfter(
  store: Store,
  cursor: string,
  limit = 100,
  filter?: EventFilter,
): Promise<readonly EventRecord[]> {
  const all: EventRecord[] = []
  for (let at = cursor; ;) {
    const page = await store.events.read({ cursor: at, limit, ...(filter ? { filter } : {}) })
    all.push(...page.items)
    if (page.items.length < limit) return all
    at = page.cursor
  }
}

const markSubject = 'conformance/mark'

/**
 * The cursor after everything written so far. A store may hold events back while an older writer could still commit; once an event
 * appended now can be read, so can all before it.
 */
export async function mark(store: Store): Promise<string> {
  const id = crypto.randomUUID()
  const from = await store.events.head()
  await store.events.append(event('server.started', markSubject, { data: { id } }))
  return cursorOf(store, from, (record) => record.data['id'] === id)
}

/** What was written after `mark`, without other marks. */
export async function writtenSince(store: Store, cursor: string): Promise<readonly EventRecord[]> {
  await mark(store)
  return (await eventsAfter(store, cursor)).filter((record) => record.subject !== markSubject)
}

/** Waits until the event can be read; its cursor. */
export async function cursorOf(store: Store, from: string, isMeant: (record: EventRecord) => boolean): Promise<string> {
  const limitMs = performance.now() + 5000
  for (;;) {
    const found = (await eventsAfter(store, from)).find(isMeant)
    if (found) return found.cursor
    if (performance.now() > limitMs) throw new Error('An event that was committed cannot be read after 5 s')
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
}

/** Every item of a list, read in pages of `limit`. */
export async function everyPage<Item>(
  read: (query: PageQuery) => Promise<Page<Item>>,
  limit: number,
): Promise<{ readonly items: readonly Item[]; readonly pages: number }> {
  const items: Item[] = []
  let cursor: string | undefined
  for (let pages = 1; ; pages++) {
    const page = await read({ limit, ...(cursor === undefined ? {} : { cursor }) })
    items.push(...page.items)
    if (page.nextCursor === undefined) return { items, pages }
    cursor = page.nextCursor
  }
}

/** How often each outcome came. */
export function tally(outcomes: readonly { readonly outcome: string }[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {}
  for (const { outcome } of outcomes) counts[outcome] = (counts[outcome] ?? 0) + 1
  return counts
}

/** The code of the fault that the action ends in; `none` where it ends well. */
export async function faultOf(action: Promise<unknown>): Promise<string> {
  try {
    await action
    return 'none'
  } catch (error) {
    if (error instanceof Error && 'code' in error) return String(error.code)
    throw error
  }
}
