import { join } from 'node:path'

import { invariant, type ContainerId } from '@boilerhouse/base'

import { isContainerId } from './labels.ts'

export interface LayoutDirs {
  /** As this process sees them, and as the engine's host does; equal where the server runs on the host itself. */
  readonly dataDir: string
  readonly hostDataDir: string
  readonly slotsDir: string
  readonly hostSlotsDir: string
}

export interface SlotPaths {
  readonly root: string
  /** Mounted read-only at /boilerhouse. The mount holds the inode: it is changed inside, never replaced. */
  readonly box: string
  readonly secrets: string
  /** Files are written here and renamed into the box. */
  readonly temporary: string
}

/** Every path of ours. `host*` paths are for the engine's mounts, the others for this process. */
export interface Layout extends LayoutDirs {
  readonly binDir: string
  readonly hostBinDir: string
  readonly volumesDir: string
  readonly keptDir: string
  slot(containerId: ContainerId): SlotPaths
  hostSlot(containerId: ContainerId): SlotPaths
  volumes(containerId: ContainerId): string
  hostVolumes(containerId: ContainerId): string
}

/** Names inside a container's directory of volumes. */
export const stateVolume = 'state'
/** Not in the slot: what a tenant writes counts for its disk limit, and fills nobody else's tmpfs. */
export const commVolume = 'comm'
export const customVolume = (name: string): string => `custom-${name}`

export function createLayout(dirs: LayoutDirs): Layout {
  const below = (directory: string) => (containerId: ContainerId) => {
    invariant(isContainerId(containerId), `a container id is a label, got ${JSON.stringify(containerId)}`)
    return join(directory, containerId)
  }
  const slot = below(dirs.slotsDir)
  const hostSlot = below(dirs.hostSlotsDir)
  return {
    ...dirs,
    binDir: join(dirs.dataDir, 'bin'),
    hostBinDir: join(dirs.hostDataDir, 'bin'),
    volumesDir: join(dirs.dataDir, 'volumes'),
    keptDir: join(dirs.dataDir, 'kept'),
    slot: (containerId) => slotPaths(slot(containerId)),
    hostSlot: (containerId) => slotPaths(hostSlot(containerId)),
    volumes: below(join(dirs.dataDir, 'volumes')),
    hostVolumes: below(join(dirs.hostDataDir, 'volumes')),
  }
}

function slotPaths(root: string): SlotPaths {
  const box = join(root, 'box')
  return { root, box, secrets: join(box, 'secrets'), temporary: join(root, 'tmp') }
}
