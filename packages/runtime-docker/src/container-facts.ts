import type { ContainerId } from '@boilerhouse/base'

import { isStatus } from './engine-fault.ts'
import type { Engine } from './engine.ts'
import { remember } from './host/remember.ts'
import { engineNameOf, readLabels } from './labels.ts'

/** What the host's own files are found by; constant while a container runs. */
export interface ContainerFacts {
  readonly pid: number
  readonly engineId: string
  /** Its writable layer, where it has one and the storage driver is overlay. */
  readonly layerDir?: string
}

/** Asks the engine once for each container, and again only after `forget`. */
export interface FactsCache {
  /** Undefined where it does not run, or is not ours. */
  get(containerId: ContainerId, signal: AbortSignal): Promise<ContainerFacts | undefined>
  forget(containerId: ContainerId): void
}

export function createFactsCache({
  engine,
  installation,
}: {
  readonly engine: Engine
  readonly installation: string
}): FactsCache {
  const known = new Map<ContainerId, ContainerFacts>()
  const ask = async (containerId: ContainerId, signal: AbortSignal): Promise<ContainerFacts | undefined> => {
    const call = { name: 'container.inspect', subject: 'container', signal } as const
    const info = await engine.call(call, async (docker) => {
      try {
        return await docker.getContainer(engineNameOf(installation, containerId)).inspect()
      } catch (error) {
        if (isStatus(error, 404)) return undefined
        throw error
      }
    })
    if (!info?.State.Running || readLabels(installation, info.Config.Labels)?.containerId !== containerId) return undefined
    // The client's types know one old driver's fields only.
    const layer = (info.GraphDriver?.Data as Readonly<Record<string, string | undefined>> | undefined)?.['UpperDir']
    const layerDir = info.HostConfig.ReadonlyRootfs ? undefined : layer
    return { pid: info.State.Pid, engineId: info.Id, ...(layerDir === undefined ? {} : { layerDir }) }
  }
  return {
    async get(containerId, signal) {
      const found = known.get(containerId) ?? (await ask(containerId, signal))
      if (found) remember(known, containerId, found)
      return found
    },
    forget: (containerId) => void known.delete(containerId),
  }
}
