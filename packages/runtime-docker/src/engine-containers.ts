import { Fault, type Clock, type ContainerId } from '@boilerhouse/base'
import type Docker from 'dockerode'

import { isStatus } from './engine-fault.ts'
import type { Engine } from './engine.ts'
import { engineNameOf, isContainerId, readLabels } from './labels.ts'

export interface EngineContainers {
  /** Undefined where it is gone or not ours. */
  inspect(containerId: ContainerId, signal: AbortSignal): Promise<Docker.ContainerInspectInfo | undefined>
  stop(containerId: ContainerId, timeoutMs: number, signal: AbortSignal): Promise<void>
  pause(containerId: ContainerId, signal: AbortSignal): Promise<void>
  unpause(containerId: ContainerId, signal: AbortSignal): Promise<void>
  /** Resolves once the engine has it no more: another's removal in progress is waited for. */
  remove(containerId: ContainerId, signal: AbortSignal): Promise<void>
}

const slowCallMs = 60_000
const removalPolls = 200
const removalPollMs = 50

/** The engine's calls on one container of ours; on one that is gone, or already so, they do nothing. */
export function createEngineContainers(deps: {
  readonly installation: string
  readonly engine: Engine
  readonly clock: Clock
}): EngineContainers {
  const { installation, engine, clock } = deps
  const inspect: EngineContainers['inspect'] = async (id, signal) => {
    if (!isContainerId(id)) return undefined
    const call = { name: 'container.inspect', subject: 'container', signal } as const
    const name = engineNameOf(installation, id)
    const info = await engine.call(call, (docker) => unlessStatus(docker.getContainer(name).inspect(), 404))
    return info && readLabels(installation, info.Config.Labels)?.containerId === id ? info : undefined
  }
  const act = async (
    call: { readonly name: string; readonly signal: AbortSignal; readonly timeoutMs?: number },
    info: Docker.ContainerInspectInfo | undefined,
    action: (container: Docker.Container) => Promise<unknown>,
    ...alreadySo: readonly number[]
  ): Promise<void> => {
    if (!info) return
    await engine.call({ timeoutMs: slowCallMs, ...call, subject: 'container' }, (docker) =>
      unlessStatus(action(docker.getContainer(info.Id)), 304, 404, ...alreadySo),
    )
  }
  return {
    inspect,
    async stop(id, timeoutMs, signal) {
      const call = { name: 'container.stop', signal, timeoutMs: timeoutMs + slowCallMs }
      await act(call, await inspect(id, signal), (container) => container.stop({ t: Math.ceil(timeoutMs / 1000) }))
    },
    async pause(id, signal) {
      const info = await inspect(id, signal)
      if (info?.State.Running && !info.State.Paused) await act({ name: 'container.pause', signal }, info, (one) => one.pause())
    },
    async unpause(id, signal) {
      const info = await inspect(id, signal)
      if (info?.State.Paused) await act({ name: 'container.unpause', signal }, info, (one) => one.unpause())
    },
    async remove(id, signal) {
      for (let poll = 0; ; poll++) {
        const info = await inspect(id, signal)
        if (!info) return
        if (poll >= removalPolls) throw new Fault('runtime.timeout', `The engine does not finish removing ${id}`)
        if (poll > 0) await clock.sleep(removalPollMs, signal)
        await act({ name: 'container.remove', signal }, info, (container) => container.remove({ force: true, v: true }), 409)
      }
    },
  }
}

/** Some of the engine's refusals say that what was asked for is so already. */
export async function unlessStatus<T>(action: Promise<T>, ...statuses: readonly number[]): Promise<T | undefined> {
  try {
    return await action
  } catch (error) {
    if (isStatus(error, ...statuses)) return undefined
    throw error
  }
}
