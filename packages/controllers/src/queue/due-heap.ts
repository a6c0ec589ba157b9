interface Due<Key> {
  readonly dueMs: number
  readonly key: Key
}

/** Keys by the time they are due, the earliest first. Thousands of timers cost one, the earliest's. */
export class DueHeap<Key extends string> {
  readonly #items: Due<Key>[] = []

  get size(): number {
    return this.#items.length
  }

  peek(): Due<Key> | undefined {
    return this.#items[0]
  }

  push(key: Key, dueMs: number): void {
    const items = this.#items
    let at = items.push({ key, dueMs }) - 1
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (this.#due(parent) <= this.#due(at)) return
      this.#swap(parent, at)
      at = parent
    }
  }

  pop(): Due<Key> | undefined {
    const items = this.#items
    const first = items[0]
    const last = items.pop()
    if (first === undefined || last === undefined || items.length === 0) return first
    items[0] = last
    for (let at = 0; ;) {
      const left = 2 * at + 1
      const least = [left, left + 1].reduce((best, child) => (this.#due(child) < this.#due(best) ? child : best), at)
      if (least === at) return first
      this.#swap(at, least)
      at = least
    }
  }

  #due(at: number): number {
    return this.#items[at]?.dueMs ?? Number.POSITIVE_INFINITY
  }

  #swap(a: number, b: number): void {
    const items = this.#items
    const [first, second] = [items[a], items[b]]
    if (first === undefined || second === undefined) return
    items[a] = second
    items[b] = first
  }
}
