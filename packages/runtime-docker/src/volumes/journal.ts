import { readFile, rm } from 'node:fs/promises'

import type { ContainerId } from '@boilerhouse/base'

import { isErrno, writeDurably } from './entries.ts'

/**
 * What is being moved for one key, written and synced before the first move. A name is where it is: whoever finds the journal
 * looks, moves what is still at its source and removes the journal.
 */
export interface Journal {
  /** 1 held names as UTF-8 text. */
  readonly version: 2
  readonly operation: 'restore' | 'keep'
  readonly containerId: ContainerId
  /** As `entryNames` tells them. */
  readonly names: readonly string[]
}

export async function readJournal(path: string): Promise<Journal | undefined> {
  try {
    const journal = JSON.parse(await readFile(path, 'utf8')) as Omit<Journal, 'version'> & { readonly version: 1 | 2 }
    if (journal.version === 2) return { ...journal, version: 2 }
    return { ...journal, version: 2, names: journal.names.map((name) => Buffer.from(name).toString('latin1')) }
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined
    throw error
  }
}

export const writeJournal = (path: string, journal: Journal): Promise<void> => writeDurably(path, JSON.stringify(journal))
export const removeJournal = (path: string): Promise<void> => rm(path, { force: true })
