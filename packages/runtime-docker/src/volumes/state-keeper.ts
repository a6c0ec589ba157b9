import { basename, join } from 'node:path'

import { KeyLock, type Clock, type ContainerId, type Logger } from '@boilerhouse/base'

import type { Layout } from '../layout.ts'
import type { Ownership } from '../ownership.ts'
import { readJournal, removeJournal } from './journal.ts'
import { withProcessLock } from './process-lock.ts'
import { moveBack, moveIn, moveOut, takeBack, type KeptPaths } from './state-moves.ts'
import { readNote, writeNote } from './volume-note.ts'

export interface StateKeeperDeps {
  readonly layout: Layout
  readonly clock: Clock
  readonly log: Logger
  readonly ownership: Ownership
  /** For tests: called at every step of a move; a throw is what a kill there would be. */
  readonly onStep?: (step: string) => void
}

/** Moves one key's files between where they are kept and a container's volume; one move a key at a time on this host. */
export interface StateKeeper {
  restore(kept: KeptPaths, containerId: ContainerId, signal: AbortSignal): Promise<void>
  keep(kept: KeptPaths, containerId: ContainerId, signal: AbortSignal): Promise<void>
  /** Whatever move of this container did not end is ended with all its files in the volume, which nobody keeps any more. */
  discard(kept: KeptPaths, containerId: ContainerId, signal: AbortSignal): Promise<void>
  /** Ends a restore into this container backwards, where one did not end. */
  undoRestore(kept: KeptPaths, containerId: ContainerId, signal: AbortSignal): Promise<void>
}

export function createStateKeeper({ layout, clock, log, ownership, onStep = () => {} }: StateKeeperDeps): StateKeeper {
  const moves = { layout, ownership, onStep }
  const lock = new KeyLock<string>()
  const locked = (kept: KeptPaths, signal: AbortSignal, action: () => Promise<void>): Promise<void> =>
    lock.run(kept.root, () => withProcessLock(join(kept.root, 'lock'), { clock, signal }, action))
  const note = (kept: KeptPaths, containerId: ContainerId, phase: 'restoring' | 'keeping' | 'kept' | 'discarded') =>
    writeNote(layout, containerId, { kept: basename(kept.root), phase })

  /** Ends whatever move of this key was begun, except the restore that the caller goes on with. */
  async function settle(kept: KeptPaths, goesOnWith?: ContainerId): Promise<'nothing' | 'undone' | 'kept'> {
    const journal = await readJournal(kept.journal)
    if (!journal || (journal.operation === 'restore' && journal.containerId === goesOnWith)) return 'nothing'
    if (journal.operation === 'restore') {
      await moveBack(moves, kept, journal.containerId, journal.names)
      return 'undone'
    }
    await moveOut(moves, kept, journal.containerId)
    return 'kept'
  }

  return {
    restore: (kept, containerId, signal) =>
      locked(kept, signal, async () => {
        await settle(kept, containerId)
        await note(kept, containerId, 'restoring')
        try {
          await moveIn(moves, kept, containerId)
        } catch (error) {
          const onFail = (undoError: unknown) => log.error('cannot undo a restore now', { containerId, error: undoError })
          await settle(kept).catch(onFail)
          throw error
        }
      }),
    keep: (kept, containerId, signal) =>
      locked(kept, signal, async () => {
        const journal = await readJournal(kept.journal)
        const settled = await settle(kept)
        const isOurs = journal?.containerId === containerId
        if (isOurs && settled === 'kept') return
        const isUndone = isOurs && settled === 'undone'
        // A restore that did not end: what is in the volume was never the tenant's, who had not been given this container yet.
        if (isUndone || (await readNote(layout, containerId))?.phase === 'restoring') return note(kept, containerId, 'kept')
        await note(kept, containerId, 'keeping')
        await moveOut(moves, kept, containerId)
      }),
    discard: (kept, containerId, signal) =>
      locked(kept, signal, async () => {
        const journal = await readJournal(kept.journal)
        const isOurs = journal?.containerId === containerId
        if (isOurs && journal.operation === 'restore') await moveIn(moves, kept, containerId)
        if (isOurs && journal.operation === 'keep') await takeBack(moves, kept, containerId, journal.names)
        await note(kept, containerId, 'discarded')
        onStep('discard: marked')
        if (isOurs) await removeJournal(kept.journal)
      }),
    undoRestore: (kept, containerId, signal) =>
      locked(kept, signal, async () => {
        if ((await readJournal(kept.journal))?.containerId === containerId) await settle(kept)
      }),
  }
}
