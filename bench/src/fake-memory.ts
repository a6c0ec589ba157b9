import { rename } from 'node:fs/promises'
import { join } from 'node:path'

/** What a house says of its own process after a forced collection. */
export interface HouseMemory {
  readonly residentBytes: number
  readonly heapBytes: number
}

/** In its data directory. */
export const memoryFileName = 'memory.json'

/** At each SIGUSR2 collects all garbage and writes what is left into the data directory. */
export function tellMemoryOnSignal(dataDir: string): void {
  process.on('SIGUSR2', () => void tellMemory(join(dataDir, memoryFileName)))
}

async function tellMemory(path: string): Promise<void> {
  // More than once: what finalizers of one collection let go is freed by the next.
  for (let i = 0; i < 3; i++) {
    Bun.gc(true)
    await Bun.sleep(200)
  }
  const { rss, heapUsed } = process.memoryUsage()
  await Bun.write(`${path}.part`, JSON.stringify({ residentBytes: rss, heapBytes: heapUsed } satisfies HouseMemory))
  await rename(`${path}.part`, path)
}
