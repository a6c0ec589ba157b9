import { createSecretBox, noMetrics, noTracer, silentLogger, type Logger, type Metrics } from '@boilerhouse/base'
import { createClaims, type Claims } from '@boilerhouse/claims'
import { createControllers, type Controllers, type ControllerSettings } from '@boilerhouse/controllers'
import { createFakeEngine, createFakeRuntime, type FakeControl, type FakeEngine } from '@boilerhouse/runtime'
import {
  createEventHub,
  createMemoryData,
  createMemoryStore,
  type EventHub,
  type MemoryData,
  type Store,
} from '@boilerhouse/store'

import { createFakeClock, type FakeClock } from './fake-clock.ts'
import { mortal, type Life } from './mortal.ts'
import { withStaleReads } from './stale-reads.ts'
import { worldActions, type WorldActions } from './world-actions.ts'

export interface WorldOptions {
  readonly settings?: Partial<ControllerSettings>
  readonly metrics?: Metrics
  readonly log?: Logger
  /** How old what the controllers read may be. */
  readonly staleMs?: number
}

/** The whole product in one process on fakes: time moves only by `advance`. */
export interface World extends WorldActions {
  readonly clock: FakeClock
  /** The store itself, with no staleness and no death between: for asserting. */
  readonly store: Store
  /** What the store holds: a second server may be opened on it. */
  readonly data: MemoryData
  readonly engine: FakeEngine
  /** What a test does to the world behind the server's back; `setProbe`, `failNext` and the counts begin anew with each server. */
  readonly control: FakeControl
  readonly claims: Claims
  readonly controllers: Controllers
  /** Runs until nothing is due now. */
  settle(): Promise<void>
  advance(ms: number): Promise<void>
  /** Lets time pass until it is answered; throws where it is not within `limitMs` (10 minutes). */
  until<T>(answer: Promise<T>, limitMs?: number): Promise<T>
  /** Kills the server at whatever step it is. Engine, containers and rows stay as they are. */
  crash(): void
  /** Starts a new server over what is there, and waits until it leads. */
  restart(): Promise<void>
  setStaleMs(staleMs: number): void
  /** Ends everything; throws where something still sleeps. */
  close(): Promise<void>
}

const leaseTtlMs = 3_000
const defaults: ControllerSettings = {
  maxContainers: 1_000,
  minFreeMb: 100,
  leaseTtlMs,
  workloadsDir: '/nowhere',
  allowNetworks: [],
  environment: {},
}

interface Server {
  readonly life: Life
  readonly control: FakeControl
  readonly hub: EventHub
  readonly claims: Claims
  readonly controllers: Controllers
  stop(): Promise<void>
}

interface Ground {
  readonly clock: FakeClock
  readonly data: MemoryData
  readonly engine: FakeEngine
  readonly stale: { ms: number }
  readonly options: WorldOptions
}

export async function createWorld(options: WorldOptions = {}): Promise<World> {
  const clock = createFakeClock()
  const ground: Ground = {
    clock,
    data: createMemoryData(),
    engine: createFakeEngine(),
    stale: { ms: options.staleMs ?? 0 },
    options,
  }
  const store = createMemoryStore({ clock, data: ground.data })
  let count = 0
  let hasCrashed = false
  let server = await startServer(ground, `server-${count}`)
  server.control.setImage('echo:1')
  const world = {
    clock,
    store,
    data: ground.data,
    engine: ground.engine,
    get control() {
      return server.control
    },
    get claims() {
      return server.claims
    },
    get controllers() {
      return server.controllers
    },
    settle: () => clock.settle(),
    advance: (ms: number) => clock.advance(ms),
    until: <T>(answer: Promise<T>, limitMs?: number) => until(clock, answer, limitMs),
    crash: () => void (server.life.isOver = true),
    async restart() {
      hasCrashed = true
      server.life.isOver = true
      server = await startServer(ground, `server-${++count}`)
      // The dead server's leases stand until they have stood still for their time.
      await clock.advance(leaseTtlMs * 1.5)
    },
    setStaleMs: (ms: number) => void (ground.stale.ms = ms),
    close: () => closeWorld(server, clock, store, hasCrashed),
  }
  await clock.settle()
  return Object.defineProperties(world, Object.getOwnPropertyDescriptors(worldActions(world))) as World
}

async function startServer({ clock, data, engine, stale, options }: Ground, holder: string): Promise<Server> {
  const life: Life = { isOver: false }
  const memory = createMemoryStore({ clock, data })
  const store = mortal(memory, life)
  const staleReads = withStaleReads(memory, clock, () => stale.ms)
  const fake = createFakeRuntime({ clock, engine })
  const runtime = mortal(fake, life)
  const { log = silentLogger, metrics = noMetrics } = options
  const settings = { maxClaimsPerTenant: 100, ...defaults, ...options.settings }
  const hub = createEventHub({ events: store.events, clock, log, metrics, coalesceMs: 0 })
  const box = createSecretBox('a key of the test world')
  const claims = createClaims({ store, hub, runtime, clock, log, metrics, tracer: noTracer, box, settings })
  const controllers = createControllers({
    store: mortal(staleReads, life),
    hub,
    runtime,
    claims,
    clock,
    log,
    metrics,
    settings,
    holder,
  })
  await hub.start()
  controllers.start()
  return {
    life,
    control: fake.control,
    hub,
    claims,
    controllers,
    async stop() {
      await controllers.stop()
      await claims.close()
      await hub.stop()
      await runtime.close()
      await memory.close()
    },
  }
}

async function until<T>(clock: FakeClock, answer: Promise<T>, limitMs = 600_000): Promise<T> {
  const state = { isDone: false }
  const watched = answer.finally(() => void (state.isDone = true))
  watched.catch(() => {})
  const startedAt = clock.monotonicMs()
  for (await clock.settle(); !state.isDone; await clock.advance(5))
    if (clock.monotonicMs() - startedAt > limitMs) throw new Error(`There was no answer within ${limitMs} ms`)
  return watched
}

async function closeWorld(server: Server, clock: FakeClock, store: Store, hasCrashed: boolean): Promise<void> {
  const stopped = server.life.isOver ? Promise.resolve() : server.stop()
  await clock.settle()
  await stopped
  await store.close()
  await clock.settle()
  // What slept in a server that died sleeps for ever.
  if (!hasCrashed && !server.life.isOver && clock.sleeping > 0) throw new Error(`${clock.sleeping} timers outlived the world`)
}
