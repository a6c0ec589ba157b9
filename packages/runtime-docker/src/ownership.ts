import { chmodSync, chownSync, lstatSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

import { Fault, type ContainerId } from '@boilerhouse/base'

import type { HostRights } from './helper/host-rights.ts'
import { runCommand } from './host/run-command.ts'
import { stateVolume, type Layout } from './layout.ts'
import { entryNames, hasEntry, isErrno, writeDurably } from './volumes/entries.ts'

/** Whose a container's files are. A server that is root is everybody; another one needs a helper for what is not its own. */
export interface Ownership {
  /** Gives a container's new, empty volume to its user. Throws `workload.user_not_preparable`. */
  prepare(containerId: ContainerId, volume: string, uid: number, signal: AbortSignal): Promise<void>
  /** Gives everything in the state volume back to the user it was prepared for. */
  give(containerId: ContainerId): Promise<void>
  /** Makes what the container left in its state volume the server's to move. */
  take(containerId: ContainerId): Promise<void>
  /** Runs a removal; where files of another user are in its way they are taken first. */
  removing(containerId: ContainerId, remove: () => Promise<void> | void, signal: AbortSignal): Promise<void>
}

export interface OwnershipDeps {
  readonly layout: Layout
  readonly rights?: Pick<HostRights, 'chown'>
  /** The server's own; this process's where not given. */
  readonly uid?: number
}

/** Part of a move, which is not given up halfway. */
const untilDone = new AbortController().signal

const noRights: Pick<HostRights, 'chown'> = {
  chown: () => Promise.reject(new Error('the server is not root, and has no helper')),
}

export function createOwnership({ layout, rights = noRights, uid: own = process.getuid?.() ?? 0 }: OwnershipDeps): Ownership {
  const recordOf = (containerId: ContainerId) => join(layout.volumes(containerId), 'owner')
  const readOwner = async (containerId: ContainerId): Promise<number | undefined> => {
    try {
      return Number(await readFile(recordOf(containerId), 'utf8'))
    } catch (error) {
      if (isErrno(error, 'ENOENT')) return undefined
      throw error
    }
  }
  const hostState = (containerId: ContainerId) => join(layout.hostVolumes(containerId), stateVolume)
  return {
    async prepare(containerId, volume, uid, signal) {
      const path = join(layout.volumes(containerId), volume)
      const found = lstatSync(path)
      if (found.uid === uid) return
      if (own === 0) return chownSync(path, uid, found.gid)
      // Before the first file of theirs: from here on the state is taken before it is moved.
      await writeDurably(recordOf(containerId), `${uid}`)
      await rights.chown(join(layout.hostVolumes(containerId), volume), uid, signal).catch((cause: unknown) => {
        signal.throwIfAborted()
        const why = cause instanceof Error ? cause.message : String(cause)
        throw new Fault('workload.user_not_preparable', `Cannot give a volume to the user ${uid}: ${why}`, { cause })
      })
    },
    async give(containerId) {
      const uid = await readOwner(containerId)
      if (uid !== undefined) await rights.chown(hostState(containerId), uid, untilDone)
    },
    async take(containerId) {
      if ((await readOwner(containerId)) === undefined) return
      if (await hasEntry(join(layout.volumes(containerId), stateVolume)))
        await rights.chown(hostState(containerId), own, untilDone)
    },
    async removing(containerId, remove, signal) {
      try {
        return await remove()
      } catch (error) {
        if (own === 0 || !isErrno(error, 'EACCES', 'EPERM', 'ENOTEMPTY')) throw error
      }
      await Promise.all((await directoriesOf(layout, containerId)).map((each) => open(each, rights, own, signal)))
      await remove()
    },
  }
}

/** As this process and as the engine's host see it. */
interface Directory {
  readonly path: string
  readonly hostPath: string
}

async function directoriesOf(layout: Layout, containerId: ContainerId): Promise<readonly Directory[]> {
  const volumes = layout.volumes(containerId)
  const names = await entryNames(volumes)
  const below = names.map((name) => ({ path: join(volumes, name), hostPath: join(layout.hostVolumes(containerId), name) }))
  return below.filter(({ path }) => lstatSync(path, { throwIfNoEntry: false })?.isDirectory())
}

/** Files of another user become ours, and what was closed to its own owner is opened. */
async function open(
  { path, hostPath }: Directory,
  rights: Pick<HostRights, 'chown'>,
  own: number,
  signal: AbortSignal,
): Promise<void> {
  await rights.chown(hostPath, own, signal)
  await runCommand(['chmod', '-R', 'u+rwx', '--', path], { signal })
}

/** Lets a container's user write into a directory that the server goes on sharing; nobody else on the host can reach it. */
export function openTo(path: string, uid: number): void {
  const found = lstatSync(path)
  if (found.uid === uid) return
  if (process.getuid?.() === 0) chownSync(path, uid, found.gid)
  else chmodSync(path, 0o777)
}
