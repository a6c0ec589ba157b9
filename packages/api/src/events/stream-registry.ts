import { Fault, type Metrics } from '@boilerhouse/base'

/** Every open stream, so that a stopping server can end them and none is opened beyond the limit. */
export class StreamRegistry {
  readonly #open = new Set<AbortController>()
  readonly #metrics: Metrics
  readonly #max: number

  constructor(metrics: Metrics, max: number) {
    this.#metrics = metrics
    this.#max = max
    metrics.gauge('event_subscribers', {}, 0)
  }

  get size(): number {
    return this.#open.size
  }

  open(): AbortController {
    if (this.#open.size >= this.#max) {
      throw new Fault('request.rate_limited', `The server holds ${this.#max} event streams already`, { retryAfterMs: 5000 })
    }
    const controller = new AbortController()
    this.#open.add(controller)
    this.#count()
    controller.signal.addEventListener('abort', () => this.#forget(controller), { once: true })
    return controller
  }

  endAll(): void {
    this.#open.forEach((controller) => controller.abort('stopping'))
  }

  #forget(controller: AbortController): void {
    this.#open.delete(controller)
    this.#count()
  }

  #count(): void {
    this.#metrics.gauge('event_subscribers', {}, this.#open.size)
  }
}
