import { isFault, type Clock, type ContainerId } from '@boilerhouse/base'
import type { ContainerRecord, ContainerUsage } from '@boilerhouse/resources'
import type { ContainerStats, Runtime } from '@boilerhouse/runtime'

import { toRfc3339 } from './present-time.ts'

interface Sample {
  readonly atMs: number
  readonly cpuSeconds: number
}

const maxSamples = 4_000

/** Live figures of one container. cpu is a rate: over the time since somebody last asked, at first since the container was made. */
export class ContainerUsages {
  readonly #runtime: Runtime
  readonly #clock: Clock
  readonly #samples = new Map<ContainerId, Sample>()

  constructor(runtime: Runtime, clock: Clock) {
    this.#runtime = runtime
    this.#clock = clock
  }

  /** Undefined where the container does not run or the engine does not answer. */
  async of(record: ContainerRecord, signal: AbortSignal): Promise<ContainerUsage | undefined> {
    if (!this.#runtime.capabilities.stats || record.state === 'gone') return undefined
    const stats = await this.#read(record.id, signal)
    if (!stats) return undefined
    const atMs = this.#clock.nowMs()
    const earlier = this.#samples.get(record.id) ?? { atMs: record.createdAt, cpuSeconds: 0 }
    if (this.#samples.size >= maxSamples) this.#samples.clear()
    this.#samples.set(record.id, { atMs, cpuSeconds: stats.cpuSeconds })
    const seconds = (atMs - earlier.atMs) / 1000
    return {
      cpuCores: seconds > 0 ? Math.max(0, stats.cpuSeconds - earlier.cpuSeconds) / seconds : 0,
      memoryBytes: stats.memoryBytes,
      networkRxBytes: stats.networkRxBytes,
      networkTxBytes: stats.networkTxBytes,
      ...(stats.diskBytes !== undefined && { diskBytes: stats.diskBytes }),
      at: toRfc3339(atMs),
    }
  }

  async #read(id: ContainerId, signal: AbortSignal): Promise<ContainerStats | undefined> {
    try {
      return (await this.#runtime.stats([id], signal)).get(id)
    } catch (error) {
      if (isFault(error)) return undefined // what the database knows is shown all the same
      throw error
    }
  }
}
