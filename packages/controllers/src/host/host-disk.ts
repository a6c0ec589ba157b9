import type { Clock, Logger } from '@boilerhouse/base'
import type { Runtime } from '@boilerhouse/runtime'

const freshMs = 5_000

/** Free space of the host, asked for at most every few seconds however many pools want to know. */
export class HostDisk {
  readonly #runtime: Runtime
  readonly #clock: Clock
  readonly #log: Logger
  readonly #minFreeMb: number
  #known: { readonly freeMb: number; readonly at: number } | undefined

  constructor(deps: { runtime: Runtime; clock: Clock; log: Logger; minFreeMb: number }) {
    this.#runtime = deps.runtime
    this.#clock = deps.clock
    this.#log = deps.log
    this.#minFreeMb = deps.minFreeMb
  }

  async freeMb(signal: AbortSignal): Promise<number> {
    const now = this.#clock.monotonicMs()
    if (this.#known && now - this.#known.at < freshMs) return this.#known.freeMb
    const freeMb = await this.#runtime.freeMb(signal).catch((error: unknown) => {
      this.#log.warn('free space is not known', { error })
      // Not knowing stops nothing: the engine tells of a full disk itself.
      return this.#known?.freeMb ?? Number.POSITIVE_INFINITY
    })
    this.#known = { freeMb, at: now }
    return freeMb
  }

  async isFull(signal: AbortSignal): Promise<boolean> {
    return (await this.freeMb(signal)) < this.#minFreeMb
  }
}
