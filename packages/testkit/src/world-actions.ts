import type { ContainerId, PoolId, TenantId, WorkloadId } from '@boilerhouse/base'
import type { Claims, RequestContext } from '@boilerhouse/claims'
import type {
  ClaimAnswer,
  ClaimRequest,
  ContainerRecord,
  ContainerState,
  EventRecord,
  EventType,
  PoolRecord,
  PoolSpec,
  ReleaseAnswer,
  ReleaseRequest,
  WorkloadRecord,
  WorkloadSpec,
} from '@boilerhouse/resources'
import type { FakeEngine } from '@boilerhouse/runtime'
import type { Store } from '@boilerhouse/store'

import { demoPool, demoWorkload } from './specs.ts'

/** The short ways into a world; what they do is what the API would do. */
export interface WorldActions {
  /** Creates or updates it. */
  workload(changes?: Partial<WorkloadSpec>, id?: string): Promise<WorkloadRecord>
  pool(changes?: Partial<PoolSpec>, id?: string): Promise<PoolRecord>
  updatePool(changes: Partial<PoolSpec>, id?: string): Promise<PoolRecord>
  deletePool(id?: string): Promise<void>
  /** Not waited for: time may have to pass before it answers. */
  claim(tenant: string, request?: Partial<ClaimRequest>): Promise<ClaimAnswer>
  release(tenant: string, request?: ReleaseRequest): Promise<ReleaseAnswer>
  containers(pool?: string, states?: readonly ContainerState[]): Promise<readonly ContainerRecord[]>
  /** How many containers a pool has in each state, those with none left out. */
  counts(pool?: string): Promise<Partial<Record<ContainerState, number>>>
  poolRow(id?: string): Promise<PoolRecord | undefined>
  events(types?: readonly EventType[]): Promise<readonly EventRecord[]>
}

interface Actor {
  readonly store: Store
  readonly claims: Claims
}

const context = (): RequestContext => ({ actor: 'key:test', correlationId: 'test', signal: new AbortController().signal })

/** `world` is read anew each time: its claims change with a restart. */
export function worldActions(world: Actor): WorldActions {
  const { store } = world
  const containers: WorldActions['containers'] = (pool = 'demo', states) =>
    store.containers.all({ poolId: pool as PoolId, ...(states ? { states } : {}) })
  return {
    ...makers(store),
    async claim(tenant, request = {}) {
      const { answer } = await world.claims.claim(
        tenant as TenantId,
        { poolId: 'demo', waitMs: 30_000, ready: 'healthy', ...request },
        context(),
      )
      return answer
    },
    release: (tenant, request = {}) => world.claims.release(tenant as TenantId, { poolId: 'demo', ...request }, context()),
    containers,
    async counts(pool) {
      const counts: Partial<Record<ContainerState, number>> = {}
      for (const { state } of await containers(pool)) counts[state] = (counts[state] ?? 0) + 1
      return counts
    },
    poolRow: (id = 'demo') => store.pools.get(id as PoolId),
    async events(types) {
      const { items } = await store.events.read({ limit: 100_000, ...(types ? { filter: { types } } : {}) })
      return items
    },
  }
}

type Makers = Pick<WorldActions, 'workload' | 'pool' | 'updatePool' | 'deletePool'>

function makers(store: Store): Makers {
  const eventOf = (type: EventType, subject: string, poolId?: string) => ({
    event: { type, actor: 'key:test', subject, ...(poolId ? { poolId: poolId as PoolId } : {}) },
  })
  return {
    async workload(changes = {}, id = 'echo') {
      const spec = { ...demoWorkload, ...changes }
      const created = await store.workloads.create({ id: id as WorkloadId, spec }, eventOf('workload.created', `workload/${id}`))
      if (created.outcome === 'ok') return created.record
      return recordOf(await store.workloads.update(id as WorkloadId, spec, eventOf('workload.updated', `workload/${id}`)))
    },
    async pool(changes = {}, id = 'demo') {
      const made = await store.pools.create(
        { id: id as PoolId, spec: { ...demoPool, ...changes } },
        eventOf('pool.created', `pool/${id}`, id),
      )
      if (made.outcome !== 'ok') throw new Error(`Cannot create pool ${id}: ${made.outcome}`)
      return made.record
    },
    async updatePool(changes, id = 'demo') {
      const old = await store.pools.get(id as PoolId)
      const spec = { ...(old?.spec ?? demoPool), ...changes }
      return recordOf(await store.pools.update(id as PoolId, spec, eventOf('pool.updated', `pool/${id}`, id)))
    },
    async deletePool(id = 'demo') {
      await store.pools.setStatus(id as PoolId, { phase: 'draining', conditions: [] }, eventOf('pool.draining', `pool/${id}`, id))
    },
  }
}

function recordOf<Kind>(updated: { readonly outcome: string; readonly record?: Kind }): Kind {
  if (updated.outcome !== 'ok' || updated.record === undefined) throw new Error(`The update was refused: ${updated.outcome}`)
  return updated.record
}

/** Writes a file into a container's state volume, as its tenant would. */
export function writeState(world: { readonly engine: FakeEngine }, id: ContainerId, name: string, text: string): void {
  for (const installation of world.engine.installations.values())
    installation.volumes.get(id)?.set(name, new Map([['', new TextEncoder().encode(text)]]))
}

export const idOf = (answer: ClaimAnswer): ContainerId => answer.containerId as ContainerId
