import type { Clock } from '@boilerhouse/base'
import type { Runtime } from '@boilerhouse/runtime'

import { createFactsCache } from './container-facts.ts'
import { createDiskMeter } from './disk-meter.ts'
import { createFreeMb } from './free-space.ts'
import type { HostRights } from './helper/host-rights.ts'
import { createInventory, type InventoryDeps } from './inventory.ts'
import { createStats } from './stats.ts'

export interface HostView extends Pick<Runtime, 'stats' | 'freeMb' | 'inventory' | 'sweep'> {
  /** Ends what is still being measured. */
  close(): Promise<void>
}

/** What is told from the host's own files: figures, space, and what of ours is there. */
export function createHostView(
  deps: InventoryDeps & { readonly clock: Clock; readonly rights: Pick<HostRights, 'du' | 'layerBytes'> },
): HostView {
  const { engine, layout } = deps
  const facts = createFactsCache(deps)
  const disk = createDiskMeter({ ...deps, facts })
  return {
    ...createInventory(deps),
    stats: createStats({ engine, facts, disk }),
    freeMb: createFreeMb({ engine, dataDir: layout.dataDir }),
    close: disk.close,
  }
}
