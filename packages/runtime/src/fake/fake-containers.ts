import { Fault, KeyLock, type Clock, type ContainerId } from '@boilerhouse/base'
import type { ContainerAddress } from '@boilerhouse/resources'

import type { ContainerSpec, Runtime, RuntimeContainer } from '../runtime.ts'
import type { FakeContainer, FakeEngine, FakeInstallation } from './fake-engine.ts'
import type { FakeGate } from './fake-gate.ts'
import { announce, startProcess } from './fake-process.ts'

export interface FakeDeps {
  readonly clock: Clock
  readonly engine: FakeEngine
  readonly installation: FakeInstallation
  readonly gate: FakeGate
}

type Lifecycle = Pick<Runtime, 'ensure' | 'stop' | 'pause' | 'unpause' | 'destroy' | 'get' | 'list'>

export function fakeContainers(deps: FakeDeps): Lifecycle {
  const { clock, engine, installation, gate } = deps
  const locks = new KeyLock<ContainerId>()
  const setPhase = (containerId: ContainerId, from: FakeContainer['phase'], to: FakeContainer['phase']) => {
    const container = installation.containers.get(containerId)
    if (!container || container.phase !== from) return
    container.phase = to
    announce(installation, containerId)
  }
  return {
    ensure: (spec, signal) =>
      locks.run(spec.containerId, async () => {
        await gate.enter('ensure', signal)
        const container = installation.containers.get(spec.containerId) ?? create(deps, spec)
        if (container.phase === 'created') await start(deps, container, signal)
        return describeFake(container)
      }),
    stop: (containerId, timeoutMs, signal) =>
      locks.run(containerId, async () => {
        await gate.enter('stop', signal)
        const container = installation.containers.get(containerId)
        if (!container || container.phase === 'exited') return
        await clock.sleep(Math.min(timeoutMs, engine.behaviour.stopDelayMs), signal)
        signal.throwIfAborted()
        container.exitCode ??= engine.behaviour.stopDelayMs < timeoutMs ? 143 : 137
        container.phase = 'exited'
        announce(installation, containerId)
      }),
    async pause(containerId, signal) {
      await gate.enter('pause', signal)
      setPhase(containerId, 'running', 'paused')
    },
    async unpause(containerId, signal) {
      await gate.enter('unpause', signal)
      setPhase(containerId, 'paused', 'running')
    },
    destroy: (containerId, signal) =>
      locks.run(containerId, async () => {
        await gate.enter('destroy', signal)
        const existed = installation.containers.delete(containerId)
        installation.slots.delete(containerId)
        installation.volumes.delete(containerId)
        if (existed) announce(installation, containerId)
      }),
    async get(containerId, signal) {
      await gate.enter('get', signal)
      const container = installation.containers.get(containerId)
      return container && describeFake(container)
    },
    async list(signal) {
      await gate.enter('list', signal)
      return [...installation.containers.values()].map(describeFake)
    },
  }
}

export function requireFake(installation: FakeInstallation, containerId: ContainerId): FakeContainer {
  const container = installation.containers.get(containerId)
  if (!container || container.phase === 'exited' || container.phase === 'dead')
    throw new Fault('runtime.container_gone', `Container ${containerId} does not run`)
  return container
}

function create({ engine, installation }: FakeDeps, spec: ContainerSpec): FakeContainer {
  const network = installation.networks.get(spec.poolId)
  if (!network) throw new Fault('runtime.network_failed', `Pool ${spec.poolId} has no network`)
  if (![...engine.images.values()].some((image) => image.imageId === spec.imageId))
    throw new Fault('runtime.image_not_found', `No image ${spec.imageId}`)
  const container: FakeContainer = {
    spec,
    address: addressOf(engine, installation, spec, network.subnet),
    logs: [],
    logReaders: new Set(),
    scratch: new Map(),
    phase: 'created',
    isConnected: true,
    stats: { cpuSeconds: 0.01, memoryBytes: 1_000_000, networkRxBytes: 0, networkTxBytes: 0, networkPackets: 0 },
  }
  installation.containers.set(spec.containerId, container)
  installation.slots.set(spec.containerId, { isStarted: false })
  if (spec.workload.volumes.state) installation.volumes.set(spec.containerId, new Map())
  return container
}

async function start(deps: FakeDeps, container: FakeContainer, signal: AbortSignal): Promise<void> {
  const { clock, engine, installation } = deps
  const { spec } = container
  await clock.sleep(engine.behaviour.startDelayMs, signal)
  signal.throwIfAborted()
  container.phase = 'running'
  if (spec.workload.warmth === 'running') startProcess(deps, container, spec.environment)
  announce(installation, spec.containerId)
}

function addressOf(engine: FakeEngine, installation: FakeInstallation, spec: ContainerSpec, subnet: string): ContainerAddress {
  const taken = new Set([...installation.containers.values()].map((each) => each.address.ip))
  const [network = '10.0.0.0'] = subnet.split('/')
  const [a = 10, b = 0, c = 0, d = 0] = network.split('.').map(Number)
  const at = (offset: number) => `${a}.${b}.${c + Math.floor((d + offset) / 256)}.${(d + offset) % 256}`
  let offset = 2
  while (taken.has(at(offset))) offset++
  const hostPorts = Object.fromEntries(spec.workload.ports.map((port) => [String(port.containerPort), engine.nextPort++]))
  return { ip: at(offset), hostPorts }
}

const describeFake = (container: FakeContainer): RuntimeContainer => ({
  containerId: container.spec.containerId,
  poolId: container.spec.poolId,
  workloadId: container.spec.workloadId,
  workloadGeneration: container.spec.workloadGeneration,
  phase: container.phase,
  isConnected: container.isConnected,
  address: container.address,
  ...(container.exitCode === undefined ? {} : { exitCode: container.exitCode }),
  ...(container.oomKilled === undefined ? {} : { oomKilled: container.oomKilled }),
})
