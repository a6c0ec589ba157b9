import { existsSync, unlinkSync } from 'node:fs'
import { join } from 'node:path'

import { Fault, KeyLock, type Clock, type ContainerId } from '@boilerhouse/base'
import type { Delivered, Delivery } from '@boilerhouse/runtime'

import { deliveryFiles, otherSecrets } from './delivery-files.ts'
import type { Layout, SlotPaths } from './layout.ts'
import { startScript } from './park-script.ts'
import { wakeParked } from './parked.ts'
import { markStarted, readMark, readStarted, removeStart } from './slot.ts'
import type { Staged } from './staged.ts'
import { writeBeside } from './write-beside.ts'

export interface DeliverDeps {
  readonly layout: Layout
  readonly clock: Clock
  /** Asked only where a parked container does not wait: an engine call, never made for a claim that goes well. */
  readonly isRunning: (containerId: ContainerId, signal: AbortSignal) => Promise<boolean>
  /** What was made ready while the claim was being bound. */
  readonly staged?: Staged
}

/** Writes a delivery into the container's slot. The files are there when it resolves; `claim.json` came last. */
export function createDeliver({ layout, clock, isRunning, staged }: DeliverDeps) {
  const lock = new KeyLock<ContainerId>()
  return (containerId: ContainerId, delivery: Delivery, signal: AbortSignal): Promise<Delivered> =>
    lock.run(containerId, async () => {
      signal.throwIfAborted()
      const paths = layout.slot(containerId)
      const isNew = writeDelivery(paths, delivery, () => staged?.take(containerId, delivery))
      if (!delivery.start) return { isNew, isStarted: true }
      if (readStarted(paths) === delivery.claimId) {
        removeStart(paths)
        return { isNew, isStarted: true }
      }
      await wakeParked({ paths, clock, isRunning: () => isRunning(containerId, signal), signal })
      markStarted(paths, delivery.claimId)
      return { isNew, isStarted: true }
    })
}

function writeDelivery(paths: SlotPaths, delivery: Delivery, takeStaged: () => (() => void) | undefined): boolean {
  // Before anything is written: a refused variable leaves no partial effect.
  const start = delivery.start && startScript(delivery.start.environment)
  return inSlot(paths, () => {
    const putStaged = takeStaged()
    const isNew = putStaged !== undefined || !isThere(paths, delivery)
    if (putStaged) putStaged()
    else if (isNew) writeBox(paths, delivery)
    if (start !== undefined && readStarted(paths) !== delivery.claimId) {
      writeBeside(paths.temporary, join(paths.box, 'start'), start)
    }
    return isNew
  })
}

function isThere(paths: SlotPaths, { claimId, revision }: Delivery): boolean {
  const mark = readMark(paths)
  return mark?.claimId === claimId && mark.revision === revision
}

function writeBox(paths: SlotPaths, delivery: Delivery): void {
  const files = deliveryFiles(delivery)
  for (const name of otherSecrets(paths, delivery)) unlinkSync(join(paths.secrets, name))
  for (const [name, content] of files) writeBeside(paths.temporary, join(paths.box, name), content)
}

/** A slot that is not there is a container that is not there: the host was started anew, or it was destroyed meanwhile. */
function inSlot<T>(paths: SlotPaths, action: () => T): T {
  try {
    return action()
  } catch (cause) {
    if (cause instanceof Fault) throw cause
    if (!existsSync(paths.box)) throw new Fault('runtime.container_gone', 'The container has no slot', { cause })
    throw new Fault(
      'runtime.deliver_failed',
      `Cannot write the delivery: ${cause instanceof Error ? cause.message : 'unknown'}`,
      {
        cause,
      },
    )
  }
}
