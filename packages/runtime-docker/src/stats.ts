import { readFile } from 'node:fs/promises'

import type { ContainerId } from '@boilerhouse/base'
import type { ContainerStats, Runtime } from '@boilerhouse/runtime'

import type { ContainerFacts, FactsCache } from './container-facts.ts'
import type { DiskMeter } from './disk-meter.ts'
import { isStatus } from './engine-fault.ts'
import type { Engine } from './engine.ts'
import { cgroupDirsOf, parseCgroupMounts, readCgroupUsage, type CgroupDirs } from './host/cgroup.ts'
import { parseNetDev } from './host/net-dev.ts'
import { remember } from './host/remember.ts'

export interface StatsDeps {
  readonly engine: Engine
  readonly facts: FactsCache
  readonly disk: DiskMeter
  /** Where the host shows processes. */
  readonly procDir?: string
}

type Figures = Omit<ContainerStats, 'diskBytes'>

/** Figures of running containers from the host's own files; from the engine only where the host shows none. */
export function createStats({ engine, facts, disk, procDir = '/proc' }: StatsDeps): Runtime['stats'] {
  const dirs = new Map<string, CgroupDirs>()
  const mounts = readFile(`${procDir}/self/mountinfo`, 'utf8').then(parseCgroupMounts, () => new Map<string, string>())

  const dirsOf = async ({ pid, engineId }: ContainerFacts): Promise<CgroupDirs | undefined> => {
    const known = dirs.get(engineId)
    if (known) return known
    const text = await readFile(`${procDir}/${pid}/cgroup`, 'utf8')
    // A pid that meanwhile belongs to another process is not believed.
    if (!text.includes(engineId)) throw new ProcessGone()
    const found = cgroupDirsOf(await mounts, text)
    if (found) remember(dirs, engineId, found)
    return found
  }
  /** Undefined where the host does not tell. */
  const fromHost = async (container: ContainerFacts): Promise<Figures | undefined> => {
    const found = await dirsOf(container)
    if (!found) return undefined
    const usage = await readCgroupUsage(found)
    return { ...usage, ...parseNetDev(await readFile(`${procDir}/${container.pid}/net/dev`, 'utf8')) }
  }
  const figuresOf = async (containerId: ContainerId, signal: AbortSignal): Promise<Figures | undefined> => {
    for (let attempt = 0; attempt < 2; attempt++) {
      const container = await facts.get(containerId, signal)
      if (!container) return undefined
      try {
        return (await fromHost(container)) ?? (await fromEngine(engine, container, signal))
      } catch (error) {
        if (!isGone(error)) return fromEngine(engine, container, signal)
        // It ended, or was started again under another pid: the engine says which.
        facts.forget(containerId)
        dirs.delete(container.engineId)
      }
    }
    return undefined
  }
  return async (containerIds, signal) => {
    signal.throwIfAborted()
    const [figures, diskBytes] = await Promise.all([
      Promise.all(containerIds.map(async (id) => [id, await figuresOf(id, signal)] as const)),
      disk.bytesOf(containerIds, signal),
    ])
    const stats = new Map<ContainerId, ContainerStats>()
    for (const [id, each] of figures) {
      const bytes = diskBytes.get(id)
      if (each) stats.set(id, bytes === undefined ? each : { ...each, diskBytes: bytes })
    }
    return stats
  }
}

class ProcessGone extends Error {}

const isGone = (error: unknown): boolean =>
  error instanceof ProcessGone || ['ENOENT', 'ESRCH', 'ENODEV'].includes((error as NodeJS.ErrnoException).code ?? '')

async function fromEngine(engine: Engine, { engineId }: ContainerFacts, signal: AbortSignal): Promise<Figures | undefined> {
  const found = await engine.call({ name: 'container.stats', subject: 'container', signal }, async (docker) => {
    try {
      return await docker.getContainer(engineId).stats({ stream: false, 'one-shot': true })
    } catch (error) {
      if (isStatus(error, 404, 409)) return undefined
      throw error
    }
  })
  if (!found) return undefined
  const interfaces = Object.values(found.networks ?? {})
  const sum = (of: (each: (typeof interfaces)[number]) => number) => interfaces.reduce((total, each) => total + of(each), 0)
  return {
    cpuSeconds: found.cpu_stats.cpu_usage.total_usage / 1e9,
    memoryBytes: found.memory_stats.usage ?? 0,
    networkRxBytes: sum((each) => each.rx_bytes),
    networkTxBytes: sum((each) => each.tx_bytes),
    networkPackets: sum((each) => each.rx_packets + each.tx_packets),
  }
}
