import { readFile, rm } from 'node:fs/promises'

import type { ContainerId } from '@boilerhouse/base'

import { isErrno, writeDurably } from './entries.ts'

/**
 * What is being moved for one key, written and synced before the first move. A name is where it is: whoever finds the journal
 * looks, moves what is still at its source and removes the journal.
 */
export interface Journal {
  readonly version: 1
  readonly operation: 'restore' | 'keep'
  readonly containerId: ContainerId
  readonly names: readonly string[]
}

export async function readJournal(path: string): Promise<Journal | undefined> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as Journal
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined
    throw error
  }
}

export const writeJournal = (path: string, journal: Journal): Promise<void> => writeDurably(path, JSON.stringify(journal))
export const removeJournal = (path: string): Promise<void> => rm(path, { force: true })
