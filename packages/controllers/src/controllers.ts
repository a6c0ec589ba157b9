import type { EventRecord, EventType } from '@boilerhouse/resources'
import type { WorkloadId } from '@boilerhouse/base'
import { CatalogueCache } from '@boilerhouse/store'

import { startClaimController } from './claim/claim-controller.ts'
import { startContainerController } from './container/container-controller.ts'
import { EngineView } from './container/engine-view.ts'
import {
  controllerKinds,
  type ControllerDeps,
  type ControllerKind,
  type RunningController,
  type Term,
} from './controller-deps.ts'
import { HostDisk } from './host/host-disk.ts'
import { lead, type Leadership, type Leading } from './lease/lead.ts'
import { PoolNetworks } from './network/pool-networks.ts'
import { everyPool } from './pool/every-pool.ts'
import { startPoolController } from './pool/pool-controller.ts'
import type { WakeOptions } from './queue/work-queue.ts'
import { startRetentionController } from './retention/retention-controller.ts'
import { Activity } from './sampler/activity.ts'
import { concernsPools, wakesOf } from './wake-on-event.ts'
import { watchEngine } from './watch-engine.ts'
import { startWorkloadController } from './workload/workload-controller.ts'

/** Everything that makes the world what the rows say. One process leads each kind; `start` in many processes is fine. */
export interface Controllers {
  start(): void
  /** Ends every pass, hands the leases over; containers stay as they are. */
  stop(): Promise<void>
  /** Look at this now; nothing happens where another process leads the kind. */
  wake(kind: ControllerKind, id: string): void
  /** Keys that wait for their pass, by kind. */
  depth(): Readonly<Record<ControllerKind, number>>
  /** Passes that run. */
  running(): number
}

const starters: Readonly<Record<ControllerKind, (term: Term) => RunningController>> = {
  workload: startWorkloadController,
  pool: startPoolController,
  container: startContainerController,
  claim: startClaimController,
  retention: startRetentionController,
}
const defaultResyncMs = 10_000
/** A pool or workload that changed without an event is seen after so long. */
const catalogueFreshMs = 2_000
/** The rounds between look for what is wrong by a few reads of everything; this one looks at each key by itself. */
const fullResyncEvery = 6

export function createControllers(deps: ControllerDeps): Controllers {
  const running = new Map<ControllerKind, RunningController>()
  const wake = (kind: ControllerKind, key: string, options?: WakeOptions) => running.get(kind)?.wake(key, options)
  const shared = {
    engine: new EngineView(),
    networks: new PoolNetworks(deps),
    disk: new HostDisk({ ...deps, minFreeMb: deps.settings.minFreeMb }),
    activity: new Activity(deps),
    catalogue: new CatalogueCache({ ...deps, freshMs: catalogueFreshMs }),
  }
  const onLead = (kind: ControllerKind) => (leadership: Leadership) => {
    const controller = starters[kind]({ ...deps, ...shared, leadership, wake })
    running.set(kind, controller)
    const resyncing = resyncLoop(deps, kind, controller, leadership)
    return {
      async stop() {
        running.delete(kind)
        await Promise.all([controller.stop(), resyncing])
      },
    }
  }
  return lifecycle(deps, { running, wake, onLead, ...shared })
}

interface Parts extends Pick<Term, 'engine' | 'networks' | 'catalogue' | 'wake'> {
  readonly running: Map<ControllerKind, RunningController>
  readonly onLead: (kind: ControllerKind) => (leadership: Leadership) => { stop(): Promise<void> }
}

function lifecycle(deps: ControllerDeps, parts: Parts): Controllers {
  const { running, wake } = parts
  const stop = new AbortController()
  let leaders: readonly Leading[] = []
  let background: readonly (Promise<void> | (() => void))[] = []
  return {
    start() {
      const { clock, log, settings, store } = deps
      background = [deps.hub.subscribe((event) => wakeOnEvent(deps, parts, event)), watch(deps, parts, stop.signal)]
      leaders = controllerKinds.map((kind) =>
        lead({
          controller: kind,
          holder: deps.holder,
          ttlMs: settings.leaseTtlMs,
          leases: store.leases,
          clock,
          log,
          onLead: parts.onLead(kind),
        }),
      )
    },
    async stop() {
      await Promise.all(leaders.map((leader) => leader.stop()))
      stop.abort()
      await Promise.all(background.map((end) => (typeof end === 'function' ? end() : end)))
    },
    wake: (kind, id) => wake(kind, id, { isUrgent: true }),
    depth: () =>
      Object.fromEntries(controllerKinds.map((kind) => [kind, running.get(kind)?.depth() ?? 0])) as Record<
        ControllerKind,
        number
      >,
    running: () => [...running.values()].reduce((sum, one) => sum + one.running(), 0),
  }
}

function wakeOnEvent(deps: ControllerDeps, { wake, running, catalogue }: Parts, event: EventRecord): void {
  catalogue.learn(event)
  for (const { kind, key, options } of wakesOf(event)) wake(kind, key, options)
  if (!concernsPools(event) || !running.has('pool')) return
  const wakePools = async () => {
    try {
      const pools = await everyPool(deps.store, event.subject.slice('workload/'.length) as WorkloadId)
      for (const pool of pools) wake('pool', pool.id, { isUrgent: true })
    } catch (error) {
      // The resync pass finds them.
      deps.log.warn('pools of a changed workload were not woken', { error })
    }
  }
  void wakePools()
}

function watch(deps: ControllerDeps, { engine, networks, wake, running }: Parts, signal: AbortSignal): Promise<void> {
  const resyncAll = () => {
    for (const controller of running.values())
      void controller.resync(true).catch((error: unknown) => deps.log.warn('a resync failed', { error }))
  }
  const tell = (type: EventType) => {
    if (!running.has('container')) return
    const event = { type, actor: 'controller:container', subject: `runtime/${deps.runtime.capabilities.name}` }
    void deps.store.events.append(event).catch((error: unknown) => deps.log.warn('an event was not written', { type, error }))
  }
  return watchEngine(
    deps.runtime,
    {
      onContainer(containerId) {
        engine.changed(containerId)
        wake('container', containerId)
      },
      onConnected() {
        // Changes may have been missed, and the host's walls with them.
        if (!engine.isConnected) tell('runtime.connected')
        engine.setConnected(true)
        networks.forgetAll()
        resyncAll()
      },
      onDisconnected() {
        if (engine.isConnected) tell('runtime.disconnected')
        engine.setConnected(false)
      },
    },
    signal,
    deps.log,
  )
}

async function resyncLoop(
  deps: ControllerDeps,
  kind: ControllerKind,
  controller: RunningController,
  leadership: Leadership,
): Promise<void> {
  for (let round = 0; !leadership.signal.aborted; round++) {
    try {
      await controller.resync(round % fullResyncEvery === 0)
    } catch (error) {
      if (!leadership.signal.aborted) deps.log.warn('a resync failed', { controller: kind, error })
    }
    await deps.clock.sleep(deps.settings.resyncMs ?? defaultResyncMs, leadership.signal)
  }
}
