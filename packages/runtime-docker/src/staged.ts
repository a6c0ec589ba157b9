import { existsSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'

import type { ContainerId } from '@boilerhouse/base'
import type { Delivery } from '@boilerhouse/runtime'

import { deliveryFiles, otherSecrets } from './delivery-files.ts'
import type { Layout } from './layout.ts'
import { writeFresh } from './write-beside.ts'

/** Files that lie ready beside a container's box, where it cannot see them: a rename each is left of their delivery. */
export interface Staged {
  /** Of a container that nothing was delivered to; whatever fails is left to `deliver`. */
  put(containerId: ContainerId, delivery: Delivery): void
  /** Puts it into the box, once called; undefined where what was staged, if anything, is another delivery: that is removed. */
  take(containerId: ContainerId, delivery: Delivery): (() => void) | undefined
  /** Removes what is staged, if anything. */
  drop(containerId: ContainerId): void
}

export function createStaged(layout: Layout): Staged {
  const ready = new Map<ContainerId, { readonly of: string; readonly names: readonly string[] }>()
  // Several processes try the same warm container at once, each for its own tenant, and share its slot.
  const own = crypto.randomUUID()
  const fileOf = (containerId: ContainerId, index: number) => join(layout.slot(containerId).temporary, `staged-${own}-${index}`)
  const remove = (containerId: ContainerId, count: number) => {
    for (let index = 0; index < count; index++) rmSync(fileOf(containerId, index), { force: true })
  }
  const drop = (containerId: ContainerId) => {
    const count = ready.get(containerId)?.names.length ?? 0
    ready.delete(containerId)
    remove(containerId, count)
  }
  return {
    put(containerId, delivery) {
      const paths = layout.slot(containerId)
      const names: string[] = []
      drop(containerId)
      try {
        // Both are from a crash in the midst of a delivery, or from a delivery: `deliver` knows what to do.
        if (existsSync(join(paths.box, 'claim.json')) || otherSecrets(paths, delivery).length > 0) return
        for (const [name, content] of deliveryFiles(delivery)) {
          writeFresh(fileOf(containerId, names.length), content)
          names.push(name)
        }
        ready.set(containerId, { of: deliveryName(delivery), names })
      } catch {
        remove(containerId, names.length) // `deliver` writes them all, and tells what is wrong
      }
    },
    take(containerId, delivery) {
      const staged = ready.get(containerId)
      if (!staged) return undefined
      if (staged.of !== deliveryName(delivery)) {
        drop(containerId)
        return undefined
      }
      ready.delete(containerId)
      const { box } = layout.slot(containerId)
      return () => {
        for (const [index, name] of staged.names.entries()) renameSync(fileOf(containerId, index), join(box, name))
      }
    },
    drop,
  }
}

const deliveryName = ({ claimId, revision }: Delivery): string => `${claimId} ${revision}`
