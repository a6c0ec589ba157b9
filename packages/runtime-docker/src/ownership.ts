import { chownSync, lstatSync } from 'node:fs'

import { Fault } from '@boilerhouse/base'

/** Gives a directory of ours to a container's user; only root can give one to another user than itself. */
export function giveTo(path: string, uid: number): void {
  const found = lstatSync(path)
  if (found.uid === uid) return
  try {
    chownSync(path, uid, found.gid)
  } catch (cause) {
    throw new Fault('workload.user_not_preparable', `Cannot make directories for the user ${uid}`, { cause })
  }
}
