import { createHash } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import { basename, join } from 'node:path'

import type { ContainerId } from '@boilerhouse/base'
import type { StateKey } from '@boilerhouse/runtime'

import { stateVolume, type Layout } from '../layout.ts'
import type { Ownership } from '../ownership.ts'
import { entryNames, entryPath, hasEntry, moveAside, moveEntry, syncDirectories } from './entries.ts'
import { readJournal, removeJournal, writeJournal } from './journal.ts'
import { writeNote } from './volume-note.ts'

/** Where one key's files are kept. */
export interface KeptPaths {
  readonly root: string
  readonly entries: string
  /** Older copies that a later keep found in its way; nothing is ever overwritten. */
  readonly aside: string
  readonly journal: string
  readonly key: string
}

export interface MoveDeps {
  readonly layout: Layout
  readonly ownership: Pick<Ownership, 'give' | 'take'>
  /** Tests stop here, at every step: what follows a throw is what follows a kill. */
  readonly onStep: (step: string) => void
}

export const keptNameOf = ({ tenantId, workloadId }: StateKey): string =>
  createHash('sha256').update(`${tenantId}\0${workloadId}`).digest('hex')

export function keptPaths(layout: Layout, keptName: string): KeptPaths {
  const root = join(layout.keptDir, keptName)
  return {
    root,
    entries: join(root, 'entries'),
    aside: join(root, 'aside'),
    journal: join(root, 'journal.json'),
    key: join(root, 'key.json'),
  }
}

/** Moves kept entries into the volume. Resumes its own journal; the caller has settled any other one. */
export async function moveIn(deps: MoveDeps, kept: KeptPaths, containerId: ContainerId): Promise<void> {
  const { layout, ownership, onStep } = deps
  const volumes = layout.volumes(containerId)
  const state = join(volumes, stateVolume)
  const names = await entryNames(kept.entries)
  onStep('restore: look')
  await writeJournal(kept.journal, { version: 2, operation: 'restore', containerId, names: await allNames(kept, names) })
  onStep('restore: journal')
  await ownership.take(containerId)
  onStep('restore: taken')
  for (const name of names) {
    // Left by a process that ran while the container was warm: nobody's data yet.
    if (await hasEntry(entryPath(state, name))) await moveAside(entryPath(state, name), join(volumes, 'aside'), name)
    onStep(`restore: made room for ${name}`)
    await moveEntry(entryPath(kept.entries, name), entryPath(state, name))
    onStep(`restore: moved ${name}`)
  }
  await syncDirectories(state, kept.entries)
  onStep('restore: synced')
  await ownership.give(containerId)
  onStep('restore: given')
  await writeNote(layout, containerId, { kept: basename(kept.root), phase: 'restored' })
  onStep('restore: marked')
  await removeJournal(kept.journal)
  onStep('restore: done')
}

/** Names that an earlier attempt of the same move moved are still its: whoever ends it the other way has to find them. */
async function allNames(kept: KeptPaths, names: readonly string[]): Promise<string[]> {
  const before = await readJournal(kept.journal)
  return [...new Set([...(before?.names ?? []), ...names])]
}

/** Moves the volume's entries to where they are kept; `names` of a journal that is there, else all. */
export async function moveOut(deps: MoveDeps, kept: KeptPaths, containerId: ContainerId): Promise<void> {
  const { layout, ownership, onStep } = deps
  const state = join(layout.volumes(containerId), stateVolume)
  await mkdir(kept.entries, { recursive: true, mode: 0o700 })
  await ownership.take(containerId)
  onStep('keep: taken')
  const names = await entryNames(state)
  onStep('keep: look')
  await writeJournal(kept.journal, { version: 2, operation: 'keep', containerId, names: await allNames(kept, names) })
  onStep('keep: journal')
  await moveNames(deps, kept, state, names)
  // Where another container's keep is ended its volumes may be gone by now.
  const volumes = layout.volumes(containerId)
  if (await hasEntry(volumes)) await writeNote(layout, containerId, { kept: basename(kept.root), phase: 'kept' })
  onStep('keep: marked')
  await removeJournal(kept.journal)
  onStep('keep: done')
}

/** Ends a half-done restore the other way: what reached the volume goes back, what a warm process made stays there. */
export async function moveBack(
  deps: MoveDeps,
  kept: KeptPaths,
  containerId: ContainerId,
  names: readonly string[],
): Promise<void> {
  const state = join(deps.layout.volumes(containerId), stateVolume)
  deps.onStep('undo: begin')
  await deps.ownership.take(containerId)
  for (const name of names) {
    // Still kept: what has this name in the volume is the warm process's own.
    if (!(await hasEntry(entryPath(kept.entries, name))) && (await hasEntry(entryPath(state, name)))) {
      await moveEntry(entryPath(state, name), entryPath(kept.entries, name))
    }
    deps.onStep(`undo: moved ${name}`)
  }
  await syncDirectories(kept.entries, state)
  await removeJournal(kept.journal)
  deps.onStep('undo: done')
}

/** Ends a half-done keep the other way. What is kept under a name that the volume still has is an older claim's. */
export async function takeBack(
  { layout, ownership, onStep }: MoveDeps,
  kept: KeptPaths,
  containerId: ContainerId,
  names: readonly string[],
): Promise<void> {
  const state = join(layout.volumes(containerId), stateVolume)
  await ownership.take(containerId)
  onStep('discard: taken')
  for (const name of names) {
    if (!(await hasEntry(entryPath(state, name))) && (await hasEntry(entryPath(kept.entries, name)))) {
      await moveEntry(entryPath(kept.entries, name), entryPath(state, name))
    }
    onStep(`discard: moved ${name}`)
  }
  await syncDirectories(state, kept.entries)
}

async function moveNames({ onStep }: MoveDeps, kept: KeptPaths, state: string, names: readonly string[]): Promise<void> {
  for (const name of names) {
    if (await hasEntry(entryPath(kept.entries, name))) await moveAside(entryPath(kept.entries, name), kept.aside, name)
    onStep(`keep: made room for ${name}`)
    await moveEntry(entryPath(state, name), entryPath(kept.entries, name))
    onStep(`keep: moved ${name}`)
  }
  await syncDirectories(kept.entries, state)
  onStep('keep: synced')
}
