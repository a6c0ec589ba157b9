import type { ContainerId } from '@boilerhouse/base'
import type { RuntimeContainer } from '@boilerhouse/runtime'

type Seen = RuntimeContainer | 'absent'
interface Fact {
  readonly seen: Seen
  /** The turn at which it was asked for. */
  readonly askedAt: number
}

/**
 * What the engine last told of each container. An answer counts from when it was asked for: a list that was asked for before a
 * container was made says nothing about it.
 */
export class EngineView {
  readonly #facts = new Map<ContainerId, Fact>()
  /** When the engine last told that something happened to it. */
  readonly #toldAt = new Map<ContainerId, number>()
  #isConnected = false
  #turns = 0

  /** Nobody is called unhealthy or lost while this is false. */
  get isConnected(): boolean {
    return this.#isConnected
  }

  setConnected(isConnected: boolean): void {
    this.#isConnected = isConnected
    // What was known before the engine went away may be wrong after it.
    if (!isConnected) this.#facts.clear()
  }

  /** Take one before asking the engine, and give it with the answer. A count and not a time: no two are equal. */
  turn(): number {
    this.#turns += 1
    return this.#turns
  }

  get(id: ContainerId): Seen | 'unknown' {
    return this.#facts.get(id)?.seen ?? 'unknown'
  }

  /** Something happened since the answer was asked for: it has to be asked for again. */
  isStale(id: ContainerId): boolean {
    const fact = this.#facts.get(id)
    return fact === undefined || fact.askedAt < (this.#toldAt.get(id) ?? Number.NEGATIVE_INFINITY)
  }

  set(id: ContainerId, seen: Seen, askedAt: number): boolean {
    const before = this.#facts.get(id)
    if (before && before.askedAt > askedAt) return false
    this.#facts.set(id, { seen, askedAt })
    return before === undefined || isDifferent(before.seen, seen)
  }

  changed(id: ContainerId): void {
    this.#toldAt.set(id, this.turn())
  }

  forget(id: ContainerId): void {
    this.#facts.delete(id)
    this.#toldAt.delete(id)
  }

  /** Takes over a list of everything; returns those that are not as they were known. */
  replace(list: readonly RuntimeContainer[], askedAt: number): readonly ContainerId[] {
    const changed = list.filter((one) => this.set(one.containerId, one, askedAt)).map((one) => one.containerId)
    const there = new Set(list.map((one) => one.containerId))
    for (const [id, fact] of this.#facts) {
      if (there.has(id) || fact.seen === 'absent' || fact.askedAt >= askedAt) continue
      this.#facts.set(id, { seen: 'absent', askedAt })
      changed.push(id)
    }
    return changed
  }
}

function isDifferent(a: Seen, b: Seen): boolean {
  if (a === 'absent' || b === 'absent') return a !== b
  return a.phase !== b.phase || a.isConnected !== b.isConnected || a.address?.ip !== b.address?.ip
}
