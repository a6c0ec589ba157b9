import { Fault, type Metrics } from '@boilerhouse/base'
import type { Principal } from '@boilerhouse/resources'

import type { ApiLimits } from '../limits.ts'

type StreamLimits = Pick<ApiLimits, 'maxEventStreams' | 'maxEventStreamsPerKey'>

/** Every open stream, so that a stopping server can end them and none is opened beyond the limits: one key cannot take them all. */
export class StreamRegistry {
  readonly #open = new Map<AbortController, string>()
  readonly #metrics: Metrics
  readonly #limits: StreamLimits

  constructor(metrics: Metrics, limits: StreamLimits) {
    this.#metrics = metrics
    this.#limits = limits
    metrics.gauge('event_subscribers', {}, 0)
  }

  get size(): number {
    return this.#open.size
  }

  open({ id, role }: Pick<Principal, 'id' | 'role'>): AbortController {
    const { maxEventStreams, maxEventStreamsPerKey } = this.#limits
    const full = (who: string, max: number) =>
      new Fault('request.rate_limited', `${who} holds ${max} event streams already`, { retryAfterMs: 5000 })
    if (this.#open.size >= maxEventStreams) throw full('The server', maxEventStreams)
    const own = role === 'admin' ? 0 : [...this.#open.values()].filter((keyId) => keyId === id).length
    if (own >= maxEventStreamsPerKey) throw full('The key', maxEventStreamsPerKey)
    const controller = new AbortController()
    this.#open.set(controller, id)
    this.#count()
    controller.signal.addEventListener('abort', () => this.#forget(controller), { once: true })
    return controller
  }

  endAll(): void {
    for (const controller of this.#open.keys()) controller.abort('stopping')
  }

  #forget(controller: AbortController): void {
    this.#open.delete(controller)
    this.#count()
  }

  #count(): void {
    this.#metrics.gauge('event_subscribers', {}, this.#open.size)
  }
}
