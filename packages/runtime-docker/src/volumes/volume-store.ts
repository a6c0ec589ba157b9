import { chmod, chown, lstat, mkdir, rm } from 'node:fs/promises'
import { basename, join } from 'node:path'

import { Fault, KeyLock, type Clock, type ContainerId, type Logger } from '@boilerhouse/base'
import type { ContainerSpec, StateKey, VolumeAgent } from '@boilerhouse/runtime'

import { customVolume, stateVolume, type Layout } from '../layout.ts'
import { entryNames, hasEntry, writeDurably } from './entries.ts'
import { readJournal } from './journal.ts'
import { withProcessLock } from './process-lock.ts'
import { keptNameOf, keptPaths, moveBack, moveIn, moveOut, type KeptPaths } from './state-moves.ts'
import { readNote, writeNote } from './volume-note.ts'

export interface VolumeStoreDeps {
  readonly layout: Layout
  readonly clock: Clock
  readonly log: Logger
  /** For tests: called at every step of a move; a throw is what a kill there would be. */
  readonly onStep?: (step: string) => void
}

/** The directories of the host that containers mount as volumes, and what is kept of them between claims. */
export interface VolumeStore {
  /** Makes the directories of a container's volumes, owned by its user. Safe to call again. */
  prepare(spec: ContainerSpec): Promise<void>
  /**
   * Removes a container's volumes. A move that did not end is ended first: a restore backwards, a keep forwards. Where a keep cannot
   * be ended the volumes stay on disk, and the log says so.
   */
  remove(containerId: ContainerId, signal: AbortSignal): Promise<void>
  agent(containerId: ContainerId): VolumeAgent
}

export function createVolumeStore({ layout, clock, log, onStep = () => {} }: VolumeStoreDeps): VolumeStore {
  const moves = { layout, onStep }
  const lock = new KeyLock<string>()
  const locked = <T>(kept: KeptPaths, signal: AbortSignal, action: () => Promise<T>): Promise<T> =>
    lock.run(kept.root, () => withProcessLock(join(kept.root, 'lock'), { clock, signal }, action))

  /** Ends whatever move of this key was begun, except the restore that the caller goes on with. */
  async function settle(kept: KeptPaths, exceptRestoreInto?: ContainerId): Promise<'nothing' | 'undone' | 'kept'> {
    const journal = await readJournal(kept.journal)
    if (!journal || (journal.operation === 'restore' && journal.containerId === exceptRestoreInto)) return 'nothing'
    if (journal.operation === 'restore') {
      await moveBack(moves, kept, journal.containerId, journal.names)
      return 'undone'
    }
    await moveOut(moves, kept, journal.containerId)
    return 'kept'
  }

  async function restoreInto(kept: KeptPaths, containerId: ContainerId): Promise<{ restored: boolean }> {
    await settle(kept, containerId)
    await writeNote(layout, containerId, { kept: basename(kept.root), phase: 'restoring' })
    try {
      await moveIn(moves, kept, containerId)
      return { restored: true }
    } catch (error) {
      await settle(kept).catch((undoError: unknown) => log.error('cannot undo a restore', { containerId, error: undoError }))
      throw error
    }
  }

  async function keepFrom(kept: KeptPaths, containerId: ContainerId): Promise<void> {
    const journal = await readJournal(kept.journal)
    const settled = await settle(kept)
    // Never the tenant's: it had not been given this container yet.
    if (settled === 'undone' && journal?.containerId === containerId) return
    await writeNote(layout, containerId, { kept: basename(kept.root), phase: 'keeping' })
    await moveOut(moves, kept, containerId)
    await writeNote(layout, containerId, { kept: basename(kept.root), phase: 'kept' })
  }

  const hasState = (containerId: ContainerId) => hasEntry(join(layout.volumes(containerId), stateVolume))
  const isEmpty = async (kept: KeptPaths) => (await entryNames(kept.entries)).length === 0 && !(await hasEntry(kept.journal))

  return {
    prepare: (spec) => prepareVolumes(layout, spec),
    agent: (containerId) => ({
      async restore(key, signal) {
        signal.throwIfAborted()
        const kept = keptPaths(layout, keptNameOf(key))
        return orFault('state.restore_failed', key, async () => {
          if (!(await hasState(containerId))) return { restored: false }
          if (await isEmpty(kept)) {
            const note = await readNote(layout, containerId)
            return { restored: note?.phase === 'restored' && note.kept === basename(kept.root) }
          }
          return locked(kept, signal, () => restoreInto(kept, containerId))
        })
      },
      async keep(key, signal) {
        signal.throwIfAborted()
        const kept = keptPaths(layout, keptNameOf(key))
        return orFault('state.keep_failed', key, async () => {
          if (await hasState(containerId)) {
            await describeKept(kept, key)
            await locked(kept, signal, () => keepFrom(kept, containerId))
          }
          return { kept: (await entryNames(kept.entries)).length > 0 }
        })
      },
    }),
    async remove(containerId, signal) {
      const note = await readNote(layout, containerId)
      if (note?.phase === 'restoring' || note?.phase === 'keeping') {
        const kept = keptPaths(layout, note.kept)
        const isSettled = await locked(kept, signal, async () => {
          if (note.phase === 'keeping') await keepFrom(kept, containerId)
          else if ((await readJournal(kept.journal))?.containerId === containerId) await settle(kept)
          return true
        }).catch((error: unknown) => {
          log.error('volumes hold files that cannot be kept: they stay on disk', {
            containerId,
            path: layout.volumes(containerId),
            error,
          })
          return false
        })
        if (!isSettled) return
      }
      await rm(layout.volumes(containerId), { recursive: true, force: true })
    },
  }
}

/** For people and backups: whose files these are. */
async function describeKept(kept: KeptPaths, { tenantId, workloadId }: StateKey): Promise<void> {
  if (await hasEntry(kept.key)) return
  await mkdir(kept.root, { recursive: true, mode: 0o700 })
  await writeDurably(kept.key, JSON.stringify({ tenantId, workloadId }))
}

async function orFault<T>(
  code: 'state.restore_failed' | 'state.keep_failed',
  key: StateKey,
  action: () => Promise<T>,
): Promise<T> {
  try {
    return await action()
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === 'AbortError') throw cause
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new Fault(code, `Files of ${key.tenantId} for ${key.workloadId}: ${reason}`, { cause })
  }
}

async function prepareVolumes(layout: Layout, spec: ContainerSpec): Promise<void> {
  const { state, custom = [] } = spec.workload.volumes
  const uid = spec.workload.security.runAsUser
  const root = layout.volumes(spec.containerId)
  await mkdir(root, { recursive: true, mode: 0o700 })
  for (const name of [...(state ? [stateVolume] : []), ...custom.map((volume) => customVolume(volume.name))]) {
    const path = join(root, name)
    await mkdir(path, { recursive: true, mode: 0o700 })
    await chmod(path, 0o700)
    const found = await lstat(path)
    if (found.uid !== uid) await chown(path, uid, found.gid).catch(notPreparable(uid))
  }
}

const notPreparable = (uid: number) => (cause: unknown) => {
  throw new Fault('workload.user_not_preparable', `Cannot make volumes for the user ${uid}`, { cause })
}
