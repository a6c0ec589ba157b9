import type { ClaimId, Clock, ContainerId } from '@boilerhouse/base'
import type { ContainerStats, Runtime } from '@boilerhouse/runtime'

/** An ARP packet is 42 bytes, the smallest TCP packet of somebody's traffic 66: more on average is use. */
const arpBytes = 50
/** The last packets of a probe's connection come after its answer. */
const probeTailMs = 200

type Counters = Pick<ContainerStats, 'networkRxBytes' | 'networkTxBytes' | 'networkPackets'>

export const isUse = (before: Counters, now: Counters): boolean => {
  const bytes = now.networkRxBytes + now.networkTxBytes - before.networkRxBytes - before.networkTxBytes
  const packets = now.networkPackets - before.networkPackets
  return packets > 0 && bytes > arpBytes * packets
}

/**
 * Tells a tenant's traffic from our own probes by the counters of the container's interface: what was counted during a probe is
 * left out, by taking the counters anew before and after it.
 */
export class Activity {
  readonly #runtime: Runtime
  readonly #clock: Clock
  readonly #base = new Map<ContainerId, Counters>()
  readonly #quietUntil = new Map<ContainerId, number>()
  readonly #active = new Map<ClaimId, number>()

  constructor(deps: { runtime: Runtime; clock: Clock }) {
    this.#runtime = deps.runtime
    this.#clock = deps.clock
  }

  /** Judges the counters of one container against the ones before. */
  judge(containerId: ContainerId, claimId: ClaimId | undefined, now: Counters): void {
    const before = this.#base.get(containerId)
    this.#base.set(containerId, now)
    if (!before || !claimId) return
    if ((this.#quietUntil.get(containerId) ?? 0) > this.#clock.monotonicMs()) return
    if (isUse(before, now)) this.#active.set(claimId, this.#clock.nowMs())
  }

  /** Judges a container's counters as they are now: who is about to call its tenant idle must not go by an old sample. */
  async check(containerId: ContainerId, claimId: ClaimId, signal: AbortSignal): Promise<void> {
    if (this.#runtime.capabilities.stats) await this.#look(containerId, claimId, signal)
  }

  /** Around each probe of a container that a tenant holds. */
  async aroundProbe<T>(containerId: ContainerId, claimId: ClaimId, signal: AbortSignal, probe: () => Promise<T>): Promise<T> {
    if (!this.#runtime.capabilities.stats) return probe()
    await this.#look(containerId, claimId, signal)
    this.#quietUntil.set(containerId, Number.POSITIVE_INFINITY)
    try {
      return await probe()
    } finally {
      this.#quietUntil.set(containerId, this.#clock.monotonicMs() + probeTailMs)
      void this.#clock.sleep(probeTailMs, signal).then(() => this.#rebase(containerId, signal))
    }
  }

  /** Who was active since the last call. */
  take(): ReadonlyMap<ClaimId, number> {
    const active = new Map(this.#active)
    this.#active.clear()
    return active
  }

  forget(containerId: ContainerId): void {
    this.#base.delete(containerId)
    this.#quietUntil.delete(containerId)
  }

  async #look(containerId: ContainerId, claimId: ClaimId, signal: AbortSignal): Promise<void> {
    const stats = await this.#stats(containerId, signal)
    if (stats) this.judge(containerId, claimId, stats)
  }

  async #rebase(containerId: ContainerId, signal: AbortSignal): Promise<void> {
    if (signal.aborted || !this.#base.has(containerId)) return
    const stats = await this.#stats(containerId, signal)
    if (stats) this.#base.set(containerId, stats)
    this.#quietUntil.delete(containerId)
  }

  /** Counters that cannot be read tell of no use and hold nothing up. */
  async #stats(containerId: ContainerId, signal: AbortSignal): Promise<ContainerStats | undefined> {
    try {
      return (await this.#runtime.stats([containerId], signal)).get(containerId)
    } catch {
      return undefined
    }
  }
}
