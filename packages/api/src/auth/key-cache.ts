import type { Clock, KeyId } from '@boilerhouse/base'
import type { KeyRecord } from '@boilerhouse/resources'
import type { KeyStore } from '@boilerhouse/store'

interface Entry {
  readonly record: KeyRecord
  readonly readAtMs: number
  isRefreshing: boolean
}

const maxEntries = 10_000

/**
 * Key records by hash, never older than `maxAgeMs`. One that is used in the second half of its time is read again beside the request,
 * so that a key in use never waits for the store. Unknown keys are not remembered here.
 */
export class KeyCache {
  readonly #keys: KeyStore
  readonly #clock: Clock
  readonly #maxAgeMs: number
  readonly #byHash = new Map<string, Entry>()
  readonly #hashOf = new Map<string, string>()

  constructor(options: { readonly keys: KeyStore; readonly clock: Clock; readonly maxAgeMs: number }) {
    this.#keys = options.keys
    this.#clock = options.clock
    this.#maxAgeMs = options.maxAgeMs
  }

  fresh(hash: string): KeyRecord | undefined {
    const entry = this.#byHash.get(hash)
    if (!entry) return undefined
    const ageMs = this.#clock.monotonicMs() - entry.readAtMs
    if (ageMs >= this.#maxAgeMs) return undefined
    if (ageMs >= this.#maxAgeMs / 2 && !entry.isRefreshing) {
      entry.isRefreshing = true
      this.byHash(hash).catch(() => {
        entry.isRefreshing = false // the store does not answer: the entry lives out its time, then requests say so
      })
    }
    return entry.record
  }

  /** Whether the hash was a key's when it was last looked up, however long ago. */
  knew(hash: string): boolean {
    return this.#byHash.has(hash)
  }

  /** A key that was just made. */
  add(record: KeyRecord): void {
    this.#keep(record.hash, record, this.#clock.monotonicMs())
  }

  async byHash(hash: string): Promise<KeyRecord | undefined> {
    const readAtMs = this.#clock.monotonicMs()
    return this.#keep(hash, await this.#keys.byHash(hash), readAtMs)
  }

  async byId(id: string): Promise<KeyRecord | undefined> {
    const known = this.#hashOf.get(id)
    const fresh = known === undefined ? undefined : this.fresh(known)
    if (fresh) return fresh
    const readAtMs = this.#clock.monotonicMs()
    const record = await this.#keys.get(id as KeyId)
    return record && this.#keep(record.hash, record, readAtMs)
  }

  forget(id: string): void {
    const hash = this.#hashOf.get(id)
    this.#hashOf.delete(id)
    if (hash !== undefined) this.#byHash.delete(hash)
  }

  #keep(hash: string, record: KeyRecord | undefined, readAtMs: number): KeyRecord | undefined {
    const earlier = this.#byHash.get(hash)
    // Two reads may end in the other order: the later one stands.
    if (earlier && earlier.readAtMs > readAtMs) return earlier.record
    if (!record) {
      if (earlier) this.forget(earlier.record.id)
      return undefined
    }
    if (!earlier && this.#byHash.size >= maxEntries) this.#forgetOldest()
    this.#byHash.set(hash, { record, readAtMs, isRefreshing: false })
    this.#hashOf.set(record.id, hash)
    return record
  }

  #forgetOldest(): void {
    const [oldest] = this.#byHash.values()
    if (oldest) this.forget(oldest.record.id)
  }
}
