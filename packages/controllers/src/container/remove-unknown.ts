import type { RuntimeContainer } from '@boilerhouse/runtime'

import type { Term } from '../controller-deps.ts'

/**
 * Removes what the engine runs under our labels and no row knows. A row is always written before its container is made, and the list
 * was read before the row is looked for: a row that is absent now is absent for good.
 */
export async function removeUnknown({ store, runtime, leadership, log }: Term, list: readonly RuntimeContainer[]): Promise<void> {
  const known = new Set((await store.containers.all()).map((row) => row.id))
  for (const { containerId } of list) {
    if (known.has(containerId)) continue
    const row = await store.containers.get(containerId)
    if (row && row.state !== 'gone') continue
    log.warn('the engine runs a container that nobody knows: it is removed', { containerId })
    await runtime.destroy(containerId, leadership.signal)
  }
}
