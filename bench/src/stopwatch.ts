/** Collects how long named actions take. */
export interface Stopwatch {
  time<T>(name: string, action: () => Promise<T>): Promise<T>
  add(name: string, ms: number): void
  /** Throws away what was collected: the end of a warm-up. */
  reset(): void
  samplesMs(): Record<string, readonly number[]>
}

export function createStopwatch(): Stopwatch {
  const samples = new Map<string, number[]>()
  const add = (name: string, ms: number) => {
    const known = samples.get(name) ?? []
    known.push(ms)
    samples.set(name, known)
  }
  return {
    add,
    async time(name, action) {
      const began = performance.now()
      const result = await action()
      add(name, performance.now() - began)
      return result
    },
    reset: () => samples.clear(),
    samplesMs: () => Object.fromEntries([...samples].map(([name, ms]) => [name, ms.map((one) => Math.round(one * 1e4) / 1e4)])),
  }
}
