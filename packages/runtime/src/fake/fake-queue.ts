/** Hands items from whoever pushes to one reader, in order; ends when told, what was pushed before still read. */
export class FakeQueue<Item> implements AsyncIterable<Item> {
  readonly #items: Item[] = []
  #isEnded = false
  #wake = () => {}

  push(item: Item): void {
    if (this.#isEnded) return
    this.#items.push(item)
    this.#wake()
  }

  end(): void {
    this.#isEnded = true
    this.#wake()
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Item> {
    for (;;) {
      const item = this.#items.shift()
      if (item !== undefined) {
        yield item
        continue
      }
      if (this.#isEnded) return
      const { promise, resolve } = Promise.withResolvers<void>()
      this.#wake = resolve
      await promise
    }
  }
}
