import type { ContainerId } from '@boilerhouse/base'
import type { ContainerHealth, ContainerRecord, ContainerState } from '@boilerhouse/resources'

import type { Memory } from './plan.ts'

interface Remembered extends Memory {
  readonly state: ContainerState
  /** The newest health; the row's is written less often. */
  readonly health: ContainerHealth
  readonly attempts: number
}

/** What is remembered of each container between passes: when its next probe is due and how the last ones went. */
export class Memories {
  readonly #all = new Map<ContainerId, Remembered>()

  of(row: ContainerRecord): Remembered {
    const known = this.#all.get(row.id)
    if (known?.state === row.state) return known
    const next: Remembered = {
      state: row.state,
      health: known?.health ?? row.health,
      attempts: 0,
      // A claim does not change when its container's next probe is due.
      nextProbeAt: known?.state === 'warm' && row.state === 'bound' ? known.nextProbeAt : 0,
      hasPassed: false,
      timesUnhealthy: known?.timesUnhealthy ?? 0,
      ...(row.state === 'unhealthy' && known?.unhealthySince !== undefined ? { unhealthySince: known.unhealthySince } : {}),
      ...(row.state === 'resetting' && known?.resetAt !== undefined ? { resetAt: known.resetAt } : {}),
    }
    this.#all.set(row.id, next)
    return next
  }

  update(id: ContainerId, changes: Partial<Remembered>): void {
    const known = this.#all.get(id)
    if (known) this.#all.set(id, { ...known, ...changes })
  }

  forget(id: ContainerId): void {
    this.#all.delete(id)
  }
}
