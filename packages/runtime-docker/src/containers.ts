import { Fault, KeyLock, type Clock, type ContainerId, type Metrics } from '@boilerhouse/base'
import type { ContainerSpec, ImageFacts, Runtime, RuntimeContainer } from '@boilerhouse/runtime'
import type Docker from 'dockerode'

import { summaryOf, viewOf } from './container-view.ts'
import { createOptions } from './create-options.ts'
import type { Engine } from './engine.ts'
import { isStatus } from './engine-fault.ts'
import type { Images } from './images.ts'
import { engineNameOf, labelFilter, readLabels } from './labels.ts'
import type { Layout } from './layout.ts'
import { untilWaiting } from './parked.ts'
import { prepareSlot, removeSlot } from './slot.ts'
import type { VolumeStore } from './volumes/volume-store.ts'

export interface ContainersDeps {
  readonly installation: string
  readonly layout: Layout
  readonly engine: Engine
  readonly images: Images
  readonly volumes: VolumeStore
  readonly clock: Clock
  readonly metrics: Metrics
  /** The engine's name of the network that this spec's container joins. */
  readonly networkOf: (spec: ContainerSpec) => string
  /** Throws `host.disk_full`. */
  readonly checkDisk: (signal: AbortSignal) => Promise<void>
}

export type Containers = Pick<Runtime, 'ensure' | 'stop' | 'pause' | 'unpause' | 'destroy' | 'get' | 'list'> & {
  /** The engine's own view; undefined where it is gone or not ours. */
  inspect(containerId: ContainerId, signal: AbortSignal): Promise<Docker.ContainerInspectInfo | undefined>
  isRunning(containerId: ContainerId, signal: AbortSignal): Promise<boolean>
}

const startTimeoutMs = 60_000
/** How long another's removal of the same container may take. */
const removalPolls = 200
const removalPollMs = 50

export function createContainers(deps: ContainersDeps): Containers {
  const { installation, layout, engine, clock } = deps
  const lock = new KeyLock<ContainerId>()
  const handle = (docker: Docker, id: ContainerId) => docker.getContainer(engineNameOf(installation, id))

  const inspect: Containers['inspect'] = async (id, signal) => {
    const call = { name: 'container.inspect', subject: 'container', signal } as const
    const info = await engine.call(call, (docker) => unlessStatus(handle(docker, id).inspect(), 404))
    return info && readLabels(installation, info.Config.Labels)?.containerId === id ? info : undefined
  }
  const get: Containers['get'] = async (id, signal) => {
    const info = await inspect(id, signal)
    return info && viewOf(installation, layout, info)
  }
  const isRunning: Containers['isRunning'] = async (id, signal) => (await inspect(id, signal))?.State.Running === true

  /** Acts on one that is ours and there; one that is gone or already so is fine. */
  const act = async (
    name: string,
    id: ContainerId,
    signal: AbortSignal,
    timeoutMs: number,
    action: (c: Docker.Container) => Promise<unknown>,
  ) => {
    if (!(await inspect(id, signal))) return
    const call = { name, subject: 'container', signal, timeoutMs } as const
    await engine.call(call, (docker) => unlessStatus(action(handle(docker, id)), 304, 404))
  }

  return {
    inspect,
    get,
    isRunning,
    ensure: (spec, signal) => lock.run(spec.containerId, () => ensure(deps, { inspect, isRunning }, spec, signal)),
    stop: (id, timeoutMs, signal) =>
      lock.run(id, async () => {
        // A frozen process cannot take its SIGTERM.
        await unpause(id, signal)
        const seconds = Math.ceil(timeoutMs / 1000)
        await act('container.stop', id, signal, timeoutMs + startTimeoutMs, (c) => c.stop({ t: seconds }))
      }),
    pause: (id, signal) =>
      lock.run(id, async () => {
        if ((await inspect(id, signal))?.State.Paused === false)
          await act('container.pause', id, signal, startTimeoutMs, (c) => c.pause())
      }),
    unpause: (id, signal) => lock.run(id, () => unpause(id, signal)),
    destroy: (id, signal) =>
      lock.run(id, async () => {
        await remove(id, signal)
        removeSlot(layout.slot(id))
        await deps.volumes.remove(id, signal)
      }),
    list: (signal) => list(deps, signal),
  }

  async function unpause(id: ContainerId, signal: AbortSignal): Promise<void> {
    if ((await inspect(id, signal))?.State.Paused) await act('container.unpause', id, signal, startTimeoutMs, (c) => c.unpause())
  }

  /** Resolves once the engine has it no more: another's removal in progress is waited for. */
  async function remove(id: ContainerId, signal: AbortSignal): Promise<void> {
    for (let poll = 0; await inspect(id, signal); poll++) {
      if (poll >= removalPolls) throw new Fault('runtime.timeout', `The engine does not finish removing ${id}`)
      if (poll > 0) await clock.sleep(removalPollMs, signal)
      const call = { name: 'container.remove', subject: 'container', signal, timeoutMs: startTimeoutMs } as const
      await engine.call(call, (docker) => unlessStatus(handle(docker, id).remove({ force: true, v: true }), 404, 409))
    }
  }
}

async function ensure(
  deps: ContainersDeps,
  { inspect, isRunning }: Pick<Containers, 'inspect' | 'isRunning'>,
  spec: ContainerSpec,
  signal: AbortSignal,
): Promise<RuntimeContainer> {
  const { layout, engine, clock, installation } = deps
  const { containerId } = spec
  let info = await inspect(containerId, signal)
  if (!info || info.State.Status === 'created') {
    await deps.checkDisk(signal)
    const startedMs = clock.monotonicMs()
    // The image first: one that is not there leaves nothing behind.
    const image = await deps.images.inspect(spec.imageId, signal)
    prepareSlot(layout.slot(containerId), spec)
    await deps.volumes.prepare(spec)
    if (!info) await create(deps, spec, image, signal)
    const call = { name: 'container.start', subject: 'start', signal, timeoutMs: startTimeoutMs } as const
    const name = engineNameOf(installation, containerId)
    await engine.call(call, (docker) => unlessStatus(docker.getContainer(name).start(), 304))
    deps.metrics.observe('container_start_seconds', {}, (clock.monotonicMs() - startedMs) / 1000)
    if (spec.workload.warmth === 'parked') {
      await untilWaiting(layout.slot(containerId), { clock, signal, isRunning: () => isRunning(containerId, signal) })
    }
    info = await inspect(containerId, signal)
  }
  const view = info && viewOf(installation, layout, info)
  if (!view) throw new Fault('runtime.container_gone', `The container ${containerId} was removed while it started`)
  return view
}

async function create(deps: ContainersDeps, spec: ContainerSpec, image: ImageFacts, signal: AbortSignal): Promise<void> {
  const { engine, installation, layout } = deps
  const options = createOptions({ installation, layout, spec, image, network: deps.networkOf(spec) })
  const call = { name: 'container.create', subject: 'start', signal, timeoutMs: startTimeoutMs } as const
  // 409: a call that seemed to fail had made it.
  await engine.call(call, (docker) => unlessStatus(docker.createContainer(options), 409))
}

async function list({ engine, installation, layout }: ContainersDeps, signal: AbortSignal): Promise<readonly RuntimeContainer[]> {
  const call = { name: 'container.list', subject: 'engine', signal } as const
  const found = await engine.call(call, (docker) => docker.listContainers({ all: true, filters: labelFilter(installation) }))
  const each = { name: 'container.inspect', subject: 'container', signal } as const
  const inspect = async (engineId: string) => {
    const info = await engine.call(each, (docker) => unlessStatus(docker.getContainer(engineId).inspect(), 404))
    return info && viewOf(installation, layout, info)
  }
  const views = await Promise.all(found.map((one) => summaryOf(installation, layout, one) ?? inspect(one.Id)))
  return views.filter((view) => view !== undefined)
}

/** Some of the engine's refusals say that what was asked for is so already. */
async function unlessStatus<T>(action: Promise<T>, ...statuses: readonly number[]): Promise<T | undefined> {
  try {
    return await action
  } catch (error) {
    if (isStatus(error, ...statuses)) return undefined
    throw error
  }
}
