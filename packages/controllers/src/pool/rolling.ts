import type { ContainerRecord } from '@boilerhouse/resources'

import { isOpen } from './circuit.ts'
import type { PoolView, Sorted } from './plan.ts'

/**
 * Which outdated warm containers go now. Replacements come first where the pool has room for them; where it has none, one at a time
 * makes room, so that at least minSize - 1 stay available. While replacements cannot start, outdated ones stay: an old container
 * serves better than none.
 */
export function planRolling(view: PoolView, sorted: Sorted, creates: number): readonly ContainerRecord[] {
  const { pool, workload, circuit, host, networkFault } = view
  const { warm, outdated, liveCount, coming } = sorted
  const canReplace = workload?.status.state === 'ready' && !isOpen(circuit) && !networkFault && host.freeMb >= host.minFreeMb
  if (outdated.length === 0 || !canReplace) return []
  const hasReplacement = coming.length + creates > 0
  const isCramped = !hasReplacement && (liveCount >= pool.spec.maxSize || host.room <= 0)
  const kept = isCramped ? pool.spec.minSize - 1 : pool.spec.minSize
  return outdated.slice(0, Math.max(0, warm.length - Math.max(0, kept)))
}
