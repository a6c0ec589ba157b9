import { Fault, type ContainerId, type PoolId } from '@boilerhouse/base'

import type { ContainerStats, Delivery, ImageFacts, LogLine, StateKey } from '../runtime.ts'
import type { FakeBehaviour, FakeProbe } from './fake-behaviour.ts'
import type { FakeDeps } from './fake-containers.ts'
import { keptName, type FakeContainer } from './fake-engine.ts'
import type { RuntimeMethod } from './fake-gate.ts'
import { fakeImage } from './fake-image.ts'
import { announce, appendLog, exitFake } from './fake-process.ts'

/** What tests do to the world behind the runtime's back, and what they ask about it. */
export interface FakeControl {
  readonly behaviour: FakeBehaviour
  /** Free space that `freeMb` tells. */
  setFreeMb(freeMb: number): void
  setImage(image: string, facts?: Partial<ImageFacts>): ImageFacts
  removeImage(image: string): void

  /** The engine stops answering, or answers again; containers run on. */
  disconnect(): void
  reconnect(): void
  /** The host starts anew: containers have exited, slots are gone, volumes are there. */
  reboot(): void

  /** The process dies under its tenant. */
  kill(containerId: ContainerId, exitCode?: number): void
  oom(containerId: ContainerId): void
  /** Someone removed the container; its slot and volumes stay. */
  removeContainer(containerId: ContainerId): void
  dropNetwork(poolId: PoolId): void
  loseSlot(containerId: ContainerId): void

  /** Before `behaviour.onProbe`; without an outcome that one decides again. */
  setProbe(containerId: ContainerId, outcome?: FakeProbe): void
  setStats(containerId: ContainerId, stats: Partial<ContainerStats>): void
  log(containerId: ContainerId, stream: LogLine['stream'], text: string): void

  /** The next `times` calls of the method throw: by default `runtime.unavailable`. */
  failNext(method: RuntimeMethod, error?: () => Error, times?: number): void
  setLatency(method: RuntimeMethod, ms: number): void
  calls(method: RuntimeMethod): number
  /** Of all methods together; claims must not raise it. */
  engineCalls(): number

  /** The newest delivery that the container's slot holds. */
  delivered(containerId: ContainerId): Delivery | undefined
  isStarted(containerId: ContainerId): boolean
  container(containerId: ContainerId): FakeContainer | undefined
  /** Names of the entries kept for a tenant and workload. */
  kept(key: StateKey): readonly string[]
  /** Containers of every installation on the engine: what a test leaked. */
  leftovers(): readonly ContainerId[]
}

export function fakeControl(deps: FakeDeps & { readonly probes: Map<ContainerId, FakeProbe> }): FakeControl {
  const { engine, installation, gate, probes } = deps
  return {
    behaviour: engine.behaviour,
    setFreeMb: (freeMb) => void (engine.freeMb = freeMb),
    setImage: (image, facts = {}) => {
      const made = fakeImage(`sha256:fake-${image}`, facts)
      engine.images.set(image, made)
      return made
    },
    removeImage: (image) => void engine.images.delete(image),
    ...outageControl(deps),
    ...containerControl(deps),
    setProbe: (containerId, outcome) => void (outcome ? probes.set(containerId, outcome) : probes.delete(containerId)),
    failNext: (method, error = () => new Fault('runtime.unavailable', `Told to fail ${method}`), times = 1) =>
      gate.failNext(method, error, times),
    setLatency: (method, ms) => gate.setLatency(method, ms),
    calls: (method) => gate.calls(method),
    engineCalls: () => gate.engineCalls,
    delivered: (containerId) => installation.slots.get(containerId)?.delivery,
    isStarted: (containerId) => installation.slots.get(containerId)?.isStarted ?? false,
    container: (containerId) => installation.containers.get(containerId),
    kept: (key) => [...(installation.kept.get(keptName(key))?.entries.keys() ?? [])],
    leftovers: () => [...engine.installations.values()].flatMap((each) => [...each.containers.keys()]),
  }
}

function outageControl({ engine, installation }: FakeDeps): Pick<FakeControl, 'disconnect' | 'reconnect' | 'reboot'> {
  const connect = (isConnected: boolean) => {
    if (engine.isConnected === isConnected) return
    engine.isConnected = isConnected
    for (const each of engine.installations.values()) for (const watcher of each.watchers) watcher.onConnection(isConnected)
  }
  return {
    disconnect: () => connect(false),
    reconnect: () => connect(true),
    reboot: () => {
      connect(false)
      installation.slots.clear()
      for (const container of installation.containers.values())
        if (container.phase !== 'exited') exitFake(installation, container, 137, false)
      connect(true)
    },
  }
}

type ContainerControl = 'kill' | 'oom' | 'removeContainer' | 'dropNetwork' | 'loseSlot' | 'setStats' | 'log'

function containerControl({ clock, installation }: FakeDeps): Pick<FakeControl, ContainerControl> {
  const change = (containerId: ContainerId, action: (container: FakeContainer) => void) => {
    const container = installation.containers.get(containerId)
    if (container) action(container)
  }
  return {
    kill: (containerId, exitCode = 137) => change(containerId, (each) => exitFake(installation, each, exitCode, false)),
    oom: (containerId) => change(containerId, (each) => exitFake(installation, each, 137, true)),
    removeContainer: (containerId) => {
      if (installation.containers.delete(containerId)) announce(installation, containerId)
    },
    dropNetwork: (poolId) => {
      installation.networks.delete(poolId)
      for (const container of installation.containers.values()) {
        if (container.spec.poolId !== poolId) continue
        container.isConnected = false
        announce(installation, container.spec.containerId)
      }
    },
    loseSlot: (containerId) => void installation.slots.delete(containerId),
    setStats: (containerId, stats) => change(containerId, (each) => void (each.stats = { ...each.stats, ...stats })),
    log: (containerId, stream, text) => change(containerId, (each) => appendLog(clock, each, stream, text)),
  }
}
