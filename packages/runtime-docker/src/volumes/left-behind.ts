import { readFile } from 'node:fs/promises'
import { basename } from 'node:path'

import type { ContainerId } from '@boilerhouse/base'

import type { Layout } from '../layout.ts'
import { entryNames, isErrno } from './entries.ts'
import { keptPaths, type KeptPaths } from './state-moves.ts'
import { readNote } from './volume-note.ts'

const keptName = /^[0-9a-f]{64}$/
/** More are counted, not listed. */
const maxListed = 10

/**
 * Files of tenants that no claim brings back and that nothing removes, for whoever runs the installation to look at: volumes whose
 * container went before its files could be kept, and older copies that a keep found in its way. A line each; paths are below the data
 * directory.
 */
export async function filesLeftBehind(
  layout: Layout,
  { volumes, containers }: { readonly volumes: readonly ContainerId[]; readonly containers: readonly ContainerId[] },
): Promise<readonly string[]> {
  const living = new Set(containers)
  const unkept: string[] = []
  for (const containerId of volumes.filter((each) => !living.has(each))) {
    const note = await readNote(layout, containerId)
    if (note?.phase !== 'keeping' && note?.phase !== 'restoring') continue
    const owner = await ownerOf(keptPaths(layout, note.kept))
    unkept.push(`volumes/${containerId}/state holds files of ${owner} that could not be kept, and its container is gone`)
  }
  const aside: string[] = []
  for (const name of (await entryNames(layout.keptDir)).filter((each) => keptName.test(each))) {
    const kept = keptPaths(layout, name)
    if ((await entryNames(kept.aside)).length === 0) continue
    aside.push(`kept/${name}/aside holds older copies of files of ${await ownerOf(kept)}, which no claim brings back`)
  }
  return [...listed(unkept), ...listed(aside)]
}

const listed = (lines: readonly string[]): readonly string[] =>
  lines.length <= maxListed ? lines : [...lines.slice(0, maxListed), `${lines.length - maxListed} more like the last one`]

/** As `key.json` tells people; its name where that is not there. */
async function ownerOf({ root, key }: KeptPaths): Promise<string> {
  try {
    const { tenantId, workloadId } = JSON.parse(await readFile(key, 'utf8')) as { tenantId: string; workloadId: string }
    return `tenant ${tenantId} for workload ${workloadId}`
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return `kept/${basename(root)}`
    throw error
  }
}
