/** Runs actions of one key one after another, and actions of different keys at once. In-process only. */
export class KeyLock<Key extends string> {
  readonly #tails = new Map<Key, Promise<unknown>>()

  async run<T>(key: Key, action: () => Promise<T>): Promise<T> {
    const before = this.#tails.get(key) ?? Promise.resolve()
    const mine = before.then(action, action)
    const tail = mine.catch(() => {})
    this.#tails.set(key, tail)
    try {
      return await mine
    } finally {
      if (this.#tails.get(key) === tail) this.#tails.delete(key)
    }
  }
}
