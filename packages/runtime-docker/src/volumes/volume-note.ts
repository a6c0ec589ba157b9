import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

import type { ContainerId } from '@boilerhouse/base'

import type { Layout } from '../layout.ts'
import { isErrno, writeDurably } from './entries.ts'

/**
 * Lies beside a container's volumes, where it cannot reach, and tells whose files are in them and which move began (`-ing`) or
 * ended. Whoever removes the volumes looks here first.
 */
export interface VolumeNote {
  /** Name of the kept directory. */
  readonly kept: string
  readonly phase: 'restoring' | 'restored' | 'keeping' | 'kept' | 'discarded'
}

const notePath = (layout: Layout, containerId: ContainerId): string => join(layout.volumes(containerId), 'note.json')

export async function readNote(layout: Layout, containerId: ContainerId): Promise<VolumeNote | undefined> {
  try {
    return JSON.parse(await readFile(notePath(layout, containerId), 'utf8')) as VolumeNote
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined
    throw error
  }
}

export const writeNote = (layout: Layout, containerId: ContainerId, note: VolumeNote): Promise<void> =>
  writeDurably(notePath(layout, containerId), JSON.stringify(note))
