import { Fault, type Clock } from '@boilerhouse/base'

import type { Runtime } from '../runtime.ts'
import type { FakeEngine } from './fake-engine.ts'

export type RuntimeMethod =
  | Exclude<keyof Runtime, 'capabilities' | 'watch' | 'volumes' | 'logs' | 'close'>
  | 'keep'
  | 'restore'
  | 'discard'
  | 'logs'

/** These reach the container through its slot, its volumes or its address, with no engine call. */
const methodsWithoutEngine: ReadonlySet<RuntimeMethod> = new Set(['deliver', 'keep', 'restore', 'discard', 'stats', 'freeMb'])

interface Trouble {
  readonly error: () => Error
  left: number
}

/** Counts calls, and slows or fails those it was told to. Every method of the fake passes it first. */
export class FakeGate {
  readonly #clock: Clock
  readonly #engine: FakeEngine
  readonly #counts = new Map<RuntimeMethod, number>()
  readonly #troubles = new Map<RuntimeMethod, Trouble>()
  readonly #latencies = new Map<RuntimeMethod, number>()
  #engineCalls = 0

  constructor(clock: Clock, engine: FakeEngine) {
    this.#clock = clock
    this.#engine = engine
  }

  get engineCalls(): number {
    return this.#engineCalls
  }

  calls(method: RuntimeMethod): number {
    return this.#counts.get(method) ?? 0
  }

  failNext(method: RuntimeMethod, error: () => Error, times: number): void {
    this.#troubles.set(method, { error, left: times })
  }

  setLatency(method: RuntimeMethod, ms: number): void {
    this.#latencies.set(method, ms)
  }

  async enter(method: RuntimeMethod, signal: AbortSignal, usesEngine = !methodsWithoutEngine.has(method)): Promise<void> {
    signal.throwIfAborted()
    this.#counts.set(method, this.calls(method) + 1)
    if (usesEngine) this.#engineCalls++
    const latencyMs = this.#latencies.get(method) ?? 0
    if (latencyMs > 0) await this.#clock.sleep(latencyMs, signal)
    signal.throwIfAborted()
    if (usesEngine) this.requireEngine()
    const trouble = this.#troubles.get(method)
    if (!trouble || trouble.left <= 0) return
    trouble.left--
    throw trouble.error()
  }

  requireEngine(): void {
    if (!this.#engine.isConnected) throw new Fault('runtime.unavailable', 'The fake engine is disconnected')
  }
}
