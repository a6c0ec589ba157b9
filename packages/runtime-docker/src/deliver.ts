import { existsSync, readdirSync, unlinkSync } from 'node:fs'
import { join } from 'node:path'

import { Fault, KeyLock, type Clock, type ContainerId } from '@boilerhouse/base'
import { secretNamePattern } from '@boilerhouse/resources'
import type { Delivered, Delivery } from '@boilerhouse/runtime'

import type { Layout, SlotPaths } from './layout.ts'
import { startScript } from './park-script.ts'
import { wakeParked } from './parked.ts'
import { markStarted, readMark, readStarted, removeStart } from './slot.ts'
import { writeBeside } from './write-beside.ts'

export interface DeliverDeps {
  readonly layout: Layout
  readonly clock: Clock
  /** Asked only where a parked container does not wait: an engine call, never made for a claim that goes well. */
  readonly isRunning: (containerId: ContainerId, signal: AbortSignal) => Promise<boolean>
}

const secretName = new RegExp(secretNamePattern)

/** Writes a delivery into the container's slot. The files are there when it resolves; `claim.json` came last. */
export function createDeliver({ layout, clock, isRunning }: DeliverDeps) {
  const lock = new KeyLock<ContainerId>()
  return (containerId: ContainerId, delivery: Delivery, signal: AbortSignal): Promise<Delivered> =>
    lock.run(containerId, async () => {
      signal.throwIfAborted()
      const paths = layout.slot(containerId)
      const isNew = writeDelivery(paths, delivery)
      if (!delivery.start || readStarted(paths) === delivery.claimId) {
        removeStart(paths)
        return { isNew, isStarted: true }
      }
      await wakeParked({ paths, clock, isRunning: () => isRunning(containerId, signal), signal })
      markStarted(paths, delivery.claimId)
      return { isNew, isStarted: true }
    })
}

function writeDelivery(paths: SlotPaths, delivery: Delivery): boolean {
  // Before anything is written: a refused variable leaves no partial effect.
  const start = delivery.start && startScript(delivery.start.environment)
  for (const name of delivery.secrets.keys()) requireFileName(name)
  return inSlot(paths, () => {
    const mark = readMark(paths)
    const isNew = mark?.claimId !== delivery.claimId || mark.revision !== delivery.revision
    if (isNew) writeBox(paths, delivery)
    if (start !== undefined && readStarted(paths) !== delivery.claimId) {
      writeBeside(paths.temporary, join(paths.box, 'start'), start)
    }
    return isNew
  })
}

function writeBox(paths: SlotPaths, delivery: Delivery): void {
  const put = (name: string, content: string | Uint8Array) => writeBeside(paths.temporary, join(paths.box, name), content)
  for (const [name, value] of delivery.secrets) put(join('secrets', name), value)
  for (const name of readdirSync(paths.secrets)) if (!delivery.secrets.has(name)) unlinkSync(join(paths.secrets, name))
  put('config.json', JSON.stringify(delivery.config))
  put('claim.json', JSON.stringify(claimFacts(delivery)))
}

function requireFileName(name: string): void {
  if (secretName.test(name)) return
  throw new Fault('request.invalid', `Cannot deliver the secret ${JSON.stringify(name)}: its name is not a file name`)
}

const claimFacts = (delivery: Delivery) => ({
  claimId: delivery.claimId,
  revision: delivery.revision,
  tenantId: delivery.tenantId,
  poolId: delivery.poolId,
  containerId: delivery.containerId,
  claimedAt: delivery.claimedAt,
  metadata: delivery.metadata,
  secrets: [...delivery.secrets.keys()].sort(),
})

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
