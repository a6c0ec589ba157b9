const lookEveryMs = 25

/** Looks until it sees something, and resolves to it. Throws what it waited for, and what it saw last, after `ms`. */
export async function within<T>(ms: number, what: string, look: () => T | Promise<T>): Promise<NonNullable<T>> {
  const deadline = performance.now() + ms
  for (;;) {
    const seen = await look()
    if (seen) return seen
    if (performance.now() > deadline) throw new Error(`not within ${ms} ms: ${what}`)
    await Bun.sleep(lookEveryMs)
  }
}
