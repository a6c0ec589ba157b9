import type { BenchClient } from './bench-client.ts'

export const fakeImageName = 'fake:1'
const workloadId = 'fake'

/** `count` pools of `size` warm containers each, full. Without a health check: that the fake answers it would be measured too. */
export async function fillFakePools(
  client: BenchClient,
  { count, size, note }: { readonly count: number; readonly size: number; readonly note: (line: string) => void },
): Promise<readonly string[]> {
  await client.create('workloads', {
    id: workloadId,
    name: 'Fake',
    image: fakeImageName,
    warmth: 'running',
    ports: [{ name: 'http', containerPort: 8080, protocol: 'http' }],
  })
  const ids = Array.from({ length: count }, (_, i) => `fake-${i}`)
  for (const id of ids) {
    await client.create('pools', { id, workloadId, minSize: size, maxSize: size, maxFillConcurrency: 64 })
    await client.untilWarm(id, size)
    note(`pool ${id} holds ${size} warm containers`)
  }
  return ids
}
