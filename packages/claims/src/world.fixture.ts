import {
  createSecretBox,
  newContainerId,
  noMetrics,
  noTracer,
  silentLogger,
  systemClock,
  type Clock,
  type ContainerId,
  type PoolId,
  type TenantId,
  type WorkloadId,
} from '@boilerhouse/base'
import {
  createValidator,
  containerEnvironment,
  isLiveClaim,
  PoolSpec,
  WorkloadSpec,
  type ClaimRequest,
  type ContainerState,
  type EventRecord,
  type EventType,
  type ReleaseRequest,
} from '@boilerhouse/resources'
import { createFakeRuntime, type FakeRuntime, type Runtime } from '@boilerhouse/runtime'
import { createEventHub, createMemoryStore, type EventHub, type Store } from '@boilerhouse/store'

import type { ClaimsDeps, ClaimsSettings } from './claims-deps.ts'
import type { Claims, RequestContext } from './claims.ts'
import { createClaims } from './create-claims.ts'

const signal = new AbortController().signal

export interface WorldOptions {
  readonly workload?: object
  readonly pool?: object
  readonly settings?: Partial<ClaimsSettings>
  readonly warm?: number
  readonly deps?: Partial<ClaimsDeps>
}

/** A clock that runs with the real one and can be put forward. */
export interface ShiftedClock extends Clock {
  shift(ms: number): void
}

function shiftedClock(): ShiftedClock {
  let shiftMs = 0
  return {
    ...systemClock,
    nowMs: () => systemClock.nowMs() + shiftMs,
    shift: (ms) => void (shiftMs += ms),
  }
}

/** Stands for the containers controller: starts what is asked for, removes what no live claim holds. */
export interface Driver {
  /** Containers that are asked for stay `starting` as long as it is true. */
  isHeld: boolean
  /** Every start fails as long as it is set. */
  failStarts: string | undefined
  go(): void
}

export interface World extends Disposable {
  readonly store: Store
  readonly hub: EventHub
  readonly runtime: FakeRuntime
  readonly clock: ShiftedClock
  readonly claims: Claims
  readonly driver: Driver
  readonly events: EventRecord[]
  readonly poolId: PoolId
  readonly workloadId: WorkloadId
  claim(tenant: string, request?: Partial<ClaimRequest>, context?: Partial<RequestContext>): ReturnType<Claims['claim']>
  release(tenant: string, request?: ReleaseRequest): ReturnType<Claims['release']>
  live(tenant: string, poolId?: PoolId): ReturnType<Store['claims']['live']>
  addPool(id: string, spec?: object, workload?: string): Promise<PoolId>
  addWarm(count?: number, poolId?: PoolId): Promise<readonly ContainerId[]>
  states(poolId?: PoolId): Promise<readonly ContainerState[]>
  /** The container's process dies and the controller says so. */
  lose(containerId: ContainerId): Promise<void>
  /** Another process over the same store and engine. */
  another(over?: { readonly store?: Store; readonly runtime?: Runtime }): Claims
  resumeAll(claims?: Claims): Promise<void>
  until(condition: () => boolean | Promise<boolean>): Promise<void>
  saw(type: EventType): readonly EventRecord[]
}

export const context = (change: Partial<RequestContext> = {}): RequestContext => ({
  actor: 'key:test',
  correlationId: 'test',
  signal,
  ...change,
})

export const claimRequest = (change: Partial<ClaimRequest> = {}): ClaimRequest => ({
  poolId: 'demo',
  waitMs: 2000,
  ready: 'healthy',
  ...change,
})

/** A claim and its mark, so that what comes next may look at the store itself. */
export async function claimWritten(
  claims: Claims,
  tenantId: TenantId,
  request = claimRequest(),
  by = context(),
): ReturnType<Claims['claim']> {
  const claimed = await claims.claim(tenantId, request, by)
  await claims.status(tenantId, request.poolId as PoolId)
  return claimed
}

export async function createWorld(options: WorldOptions = {}): Promise<World> {
  const clock = shiftedClock()
  const store = createMemoryStore({ clock })
  const runtime = createFakeRuntime({ clock })
  runtime.control.setImage('image')
  const hub = createEventHub({ events: store.events, clock, log: silentLogger, metrics: noMetrics })
  await hub.start()
  const events: EventRecord[] = []
  hub.subscribe((event) => void events.push(event))
  const settings = { maxClaimsPerTenant: 10, maxContainers: 1000, environment: { REGION: 'eu' }, ...options.settings }
  const deps: ClaimsDeps = {
    store,
    hub,
    runtime,
    clock,
    log: silentLogger,
    metrics: noMetrics,
    tracer: noTracer,
    box: createSecretBox('key'),
    settings,
    ...options.deps,
  }
  const opened: Claims[] = []
  const open = (over: Partial<ClaimsDeps>) => {
    const claims = createClaims({ ...deps, ...over })
    opened.push(claims)
    return claims
  }
  const workloadId = 'work' as WorkloadId
  await addWorkload(store, workloadId, options.workload)
  const driver = createDriver(store, hub, runtime, settings.environment)
  const claims = open({})
  const tenantOf = (tenant: string) => tenant as TenantId
  const world: World = {
    store,
    hub,
    runtime,
    clock,
    claims,
    driver,
    events,
    workloadId,
    poolId: 'demo' as PoolId,
    claim: (tenant, request, change) => claimWritten(claims, tenantOf(tenant), claimRequest(request), context(change)),
    release: (tenant, request = {}) => claims.release(tenantOf(tenant), request, context()),
    live: (tenant, poolId = world.poolId) => store.claims.live(tenantOf(tenant), poolId),
    async addPool(id, spec, workload = workloadId) {
      const full = createValidator(PoolSpec).parse({ workloadId: workload, minSize: 0, maxSize: 100, ...spec })
      await store.pools.create({ id: id as PoolId, spec: full }, {})
      await runtime.ensureNetwork({ poolId: id as PoolId, access: 'none', maxSize: 10, subnet: '10.9.0.0/24' }, signal)
      return id as PoolId
    },
    async addWarm(count = 1, poolId = world.poolId) {
      const ids = await Promise.all(Array.from({ length: count }, () => ask(store, poolId)))
      driver.go()
      await world.until(async () => {
        const rows = await Promise.all(ids.map((id) => store.containers.get(id)))
        return rows.every((row) => row?.state !== 'starting')
      })
      return ids
    },
    states: async (poolId = world.poolId) => (await store.containers.all({ poolId })).map(({ state }) => state),
    async lose(containerId) {
      runtime.control.kill(containerId)
      const event = {
        type: 'container.lost',
        actor: 'test',
        subject: `container/${containerId}`,
        poolId: world.poolId,
        containerId,
      } as const
      await store.containers.transition(containerId, ['bound'], 'lost', { reason: 'its process ended' }, { event })
    },
    another: (over = {}) => open(over),
    async resumeAll(by = claims) {
      for (const { id } of await store.claims.all()) await by.resume(id, context({ actor: 'controller:claim' }))
    },
    async until(condition) {
      for (let tries = 0; !(await condition()); tries++) {
        if (tries > 2000) throw new Error('the condition did not become true')
        await new Promise((resolve) => setTimeout(resolve, 1))
      }
    },
    saw: (type) => events.filter((event) => event.type === type),
    [Symbol.dispose]() {
      for (const each of opened) void each.close().catch(() => {})
      void hub.stop()
      void store.close()
      void runtime.close()
    },
  }
  await world.addPool('demo', options.pool)
  if (options.warm) await world.addWarm(options.warm)
  return world
}

export async function addWorkload(store: Store, id: WorkloadId, change: object = {}): Promise<void> {
  const spec = createValidator(WorkloadSpec).parse({ name: id, image: 'image', ...change })
  await store.workloads.create({ id, spec }, {})
  await store.workloads.setStatus(id, 1, { state: 'ready', imageId: 'sha256:fake-image' }, {})
}

async function ask(store: Store, poolId: PoolId): Promise<ContainerId> {
  const id = newContainerId(systemClock.nowMs())
  const event = { type: 'container.created', actor: 'test', subject: `container/${id}`, poolId, containerId: id } as const
  const created = await store.containers.create({ id, poolId, workloadGeneration: 1, onDemand: false }, { event })
  if (created.outcome !== 'ok') throw new Error(`no container: ${created.outcome}`)
  return id
}

function createDriver(
  store: Store,
  hub: EventHub,
  runtime: Runtime,
  allowedEnvironment: Readonly<Record<string, string>>,
): Driver {
  const asked = new Set<ContainerId>()
  const transit = (
    id: ContainerId,
    from: ContainerState,
    to: ContainerState,
    type: EventType,
    reason?: string,
    more: object = {},
  ) =>
    store.containers.get(id).then((row) =>
      store.containers.transition(
        id,
        [from],
        to,
        { ...(reason ? { reason } : {}), ...more },
        {
          event: {
            type,
            actor: 'driver',
            subject: `container/${id}`,
            containerId: id,
            data: { from, ...(reason ? { reason } : {}) },
            ...(row ? { poolId: row.poolId } : {}),
          },
        },
      ),
    )
  const start = async (id: ContainerId): Promise<void> => {
    const row = await store.containers.get(id)
    const workload = row && (await store.workloads.get(row.workloadId))
    if (!row || !workload || row.state !== 'starting') return
    if (driver.failStarts !== undefined) {
      await transit(id, 'starting', 'failed', 'container.failed', driver.failStarts)
      return end(id, 'failed')
    }
    const environment = containerEnvironment(workload.spec, { containerId: id, poolId: row.poolId, allowedEnvironment })
    const started = await runtime.ensure(
      {
        containerId: id,
        poolId: row.poolId,
        workloadId: row.workloadId,
        workloadGeneration: 1,
        workload: workload.spec,
        imageId: 'sha256:fake-image',
        environment,
      },
      signal,
    )
    await transit(id, 'starting', 'warm', 'container.warm', undefined, { address: started.address })
  }
  const end = async (id: ContainerId, from: ContainerState): Promise<void> => {
    await transit(id, from, 'draining', from === 'bound' ? 'container.released' : 'container.draining')
    await runtime.destroy(id, signal)
    await transit(id, 'draining', 'gone', 'container.destroyed')
  }
  const reconcile = async (id: ContainerId): Promise<void> => {
    const row = await store.containers.get(id)
    if (!row) return
    if (row.state === 'draining') {
      await runtime.destroy(id, signal)
      await transit(id, 'draining', 'gone', 'container.destroyed')
    }
    if (row.state !== 'bound' && row.state !== 'lost') return
    const claim = row.claimId ? await store.claims.get(row.claimId) : undefined
    if (claim && isLiveClaim(claim.state) && claim.containerId === id) return
    await end(id, row.state)
  }
  const driver: Driver = {
    isHeld: false,
    failStarts: undefined,
    go() {
      driver.isHeld = false
      for (const id of asked) void start(id)
      asked.clear()
    },
  }
  hub.subscribe(({ type, containerId }) => {
    if (!containerId) return
    if (type === 'container.created') {
      asked.add(containerId)
      if (!driver.isHeld) driver.go()
    } else void reconcile(containerId)
  })
  return driver
}
