import type { Logger } from '@boilerhouse/base'

const warning =
  'Browsers entered the pages of more than one tenant on one origin: those pages share its storage. Set BOILERHOUSE_PROXY_DOMAIN for tenants that do not trust each other (docs/security.md).'

/** Notices that browsers use one origin for several tenants, and says so once in the log. */
export class SharedOrigin {
  readonly #log: Logger
  #first: string | undefined
  #isShared = false

  constructor(log: Logger) {
    this.#log = log
  }

  entered(tenantId: string): void {
    this.#first ??= tenantId
    if (this.#isShared || tenantId === this.#first) return
    this.#isShared = true
    this.#log.warn(warning)
  }

  warnings(): readonly string[] {
    return this.#isShared ? [warning] : []
  }
}
