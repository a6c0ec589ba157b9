import { Fault, KeyLock, type Clock, type ContainerId, type Metrics } from '@boilerhouse/base'
import type { ContainerSpec, Runtime, RuntimeContainer } from '@boilerhouse/runtime'
import type Docker from 'dockerode'

import { summaryOf, viewOf } from './container-view.ts'
import { createAndStart } from './create-and-start.ts'
import { createOptions } from './create-options.ts'
import type { Engine } from './engine.ts'
import { createEngineContainers, unlessStatus } from './engine-containers.ts'
import type { Images } from './images.ts'
import { containerFilter } from './labels.ts'
import type { Layout } from './layout.ts'
import type { Ownership } from './ownership.ts'
import { untilParked } from './parked.ts'
import { hasParked, prepareSlot, removeSlot } from './slot.ts'
import type { VolumeStore } from './volumes/volume-store.ts'

export interface ContainersDeps {
  readonly installation: string
  readonly layout: Layout
  readonly engine: Engine
  readonly images: Images
  readonly volumes: VolumeStore
  readonly ownership: Ownership
  readonly clock: Clock
  readonly metrics: Metrics
  /** The engine's name of the network that this spec's container joins. */
  readonly networkOf: (spec: ContainerSpec) => string
  readonly hasLayerQuota?: boolean
  /** Throws `host.disk_full`. */
  readonly checkDisk: (signal: AbortSignal) => Promise<void>
}

export type Containers = Pick<Runtime, 'ensure' | 'stop' | 'pause' | 'unpause' | 'destroy' | 'get' | 'list'> & {
  /** The engine's own view; undefined where it is gone or not ours. */
  inspect(containerId: ContainerId, signal: AbortSignal): Promise<Docker.ContainerInspectInfo | undefined>
  isRunning(containerId: ContainerId, signal: AbortSignal): Promise<boolean>
}

export function createContainers(deps: ContainersDeps): Containers {
  const { installation, layout } = deps
  const lock = new KeyLock<ContainerId>()
  const engineContainers = createEngineContainers(deps)
  const { inspect, unpause } = engineContainers
  const isRunning: Containers['isRunning'] = async (id, signal) => (await inspect(id, signal))?.State.Running === true
  return {
    inspect,
    isRunning,
    async get(id, signal) {
      const info = await inspect(id, signal)
      return info && viewOf(installation, layout, info)
    },
    ensure: (spec, signal) => lock.run(spec.containerId, () => ensure(deps, { inspect, isRunning }, spec, signal)),
    stop: (id, timeoutMs, signal) =>
      lock.run(id, async () => {
        // A frozen process cannot take its SIGTERM.
        await unpause(id, signal)
        await engineContainers.stop(id, timeoutMs, signal)
      }),
    pause: (id, signal) => lock.run(id, () => engineContainers.pause(id, signal)),
    unpause: (id, signal) => lock.run(id, () => unpause(id, signal)),
    destroy: (id, signal) =>
      lock.run(id, async () => {
        await engineContainers.remove(id, signal)
        removeSlot(layout.slot(id))
        await deps.volumes.remove(id, signal)
      }),
    list: (signal) => list(deps, signal),
  }
}

async function ensure(
  deps: ContainersDeps,
  { inspect, isRunning }: Pick<Containers, 'inspect' | 'isRunning'>,
  spec: ContainerSpec,
  signal: AbortSignal,
): Promise<RuntimeContainer> {
  const { layout, clock, installation, hasLayerQuota = false } = deps
  const { containerId } = spec
  let info = await inspect(containerId, signal)
  if (!info || info.State.Status === 'created') {
    await deps.checkDisk(signal)
    const startedMs = clock.monotonicMs()
    // The image first: one that is not there leaves nothing behind.
    const image = await deps.images.inspect(spec.imageId, signal)
    prepareSlot(layout.slot(containerId), spec)
    await deps.volumes.prepare(spec, signal)
    const options = createOptions({ installation, layout, spec, image, network: deps.networkOf(spec), hasLayerQuota })
    await createAndStart(deps, options, signal)
    deps.metrics.observe('container_start_seconds', {}, (clock.monotonicMs() - startedMs) / 1000)
    info = await inspect(containerId, signal)
  }
  // One that a former server started, and died before it saw it wait, is waited for too.
  if (spec.workload.warmth === 'parked' && info?.State.Running && !hasParked(layout.slot(containerId))) {
    await untilParked(layout.slot(containerId), { clock, signal, isRunning: () => isRunning(containerId, signal) })
  }
  const view = info && viewOf(installation, layout, info)
  if (!view) throw new Fault('runtime.container_gone', `The container ${containerId} was removed while it started`)
  return view
}

async function list({ engine, installation, layout }: ContainersDeps, signal: AbortSignal): Promise<readonly RuntimeContainer[]> {
  const call = { name: 'container.list', subject: 'engine', signal } as const
  const found = await engine.call(call, (docker) => docker.listContainers({ all: true, filters: containerFilter(installation) }))
  const each = { name: 'container.inspect', subject: 'container', signal } as const
  const inspect = async (engineId: string) => {
    const info = await engine.call(each, (docker) => unlessStatus(docker.getContainer(engineId).inspect(), 404))
    return info && viewOf(installation, layout, info)
  }
  const views = await Promise.all(found.map((one) => summaryOf(installation, layout, one) ?? inspect(one.Id)))
  return views.filter((view) => view !== undefined)
}
