import type { Logger, WorkloadId } from '@boilerhouse/base'
import type { Store } from '@boilerhouse/store'

/** Appends a build's log as it comes, in order; what comes while a write runs goes with the next one. */
export class BuildLog {
  readonly #id: WorkloadId
  readonly #store: Store
  readonly #log: Logger
  #pending = ''
  #isFirst = true
  #writing: Promise<void> | undefined

  constructor(id: WorkloadId, deps: { store: Store; log: Logger }) {
    this.#id = id
    this.#store = deps.store
    this.#log = deps.log
  }

  append(text: string): void {
    this.#pending += text
    this.#writing ??= this.#write()
  }

  /** Resolves once everything is written. */
  async close(): Promise<void> {
    if (this.#isFirst) this.append('')
    await this.#writing
  }

  async #write(): Promise<void> {
    do {
      const text = this.#pending
      const reset = this.#isFirst
      this.#pending = ''
      this.#isFirst = false
      try {
        await this.#store.workloads.appendBuildLog(this.#id, text, { reset })
      } catch (error) {
        // A log that cannot be kept does not fail the build it tells of.
        this.#log.warn('the build log could not be kept', { workloadId: this.#id, error })
      }
    } while (this.#pending !== '')
    this.#writing = undefined
  }
}
