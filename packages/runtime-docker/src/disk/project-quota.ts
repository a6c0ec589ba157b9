import { createHash } from 'node:crypto'
import { closeSync, constants, fstatSync, openSync } from 'node:fs'
import { opendir } from 'node:fs/promises'

import { dlopen, FFIType, ptr, read } from 'bun:ffi'

/**
 * Project quotas of one file system (ext4 or xfs, mounted with `prjquota`): what lies in a directory counts for its project, and a
 * full project is ENOSPC or EDQUOT for whoever writes. By system call and not by `xfs_quota`, `setquota` and `chattr`: those come from
 * three packages, differ between the file systems, and want the device's path.
 */
export interface ProjectQuota {
  /** Gives an empty directory a project of its own, of so many bytes. Safe to call again. */
  limit(directory: string, name: string, bytes: number): void
  /**
   * The project of a directory; undefined where it has none of ours. It outlives the directory: files that were moved out still count
   * for it, so it is not given to another while any is left.
   */
  projectOf(directory: string): number | undefined
  /** Takes the limit from a project. */
  free(project: number): void
  /**
   * Whether what is renamed into a directory must be of its project (EXDEV otherwise), and what is made in it will be. Links and
   * sockets have no project that could be set, so a directory is opened for a move and not its entries made alike.
   */
  setInherited(directory: string, isInherited: boolean): void
  /** Makes everything below count for the directory's project; follows no link and leaves the file system never. */
  adopt(directory: string, signal: AbortSignal): Promise<void>
  /** Bytes that count for a project. */
  usedBytes(project: number): number
  close(): void
}

const quotactlFd = 443
const projectType = 2
const command = (number: number) => ((number << 8) | projectType) >>> 0
const commands = { getState: command(0x5805), get: command(0x80_0007), set: command(0x80_0008) }
const isEnforced = 0x20
const validLimits = 0x5
const ioctls = { getAttributes: 0x801c_581fn, setAttributes: 0x401c_5820n }
const inheritFlag = 0x200
/** Above what an engine gives its layers, which counts from 1, and what people choose. */
const firstProject = 0x4000_0000
/** One inode for so many bytes: a million empty files are no way around a limit. */
const bytesPerInode = 4096

/** The quota of the file system that holds the directory; undefined where it enforces none, or we may not ask. */
export function openProjectQuota(directory: string): ProjectQuota | undefined {
  const libc = openLibc()
  if (!libc) return undefined
  const root = openSync(directory, constants.O_RDONLY | constants.O_DIRECTORY)
  const quotactl = (what: number, project: number, buffer: Uint8Array) =>
    libc.symbols.syscall(quotactlFd, root, what, project, ptr(buffer)) === 0n
  const state = new Uint8Array(256)
  const canEnforce = quotactl(commands.getState, 0, state) && (new DataView(state.buffer).getUint16(2, true) & isEnforced) !== 0
  if (!canEnforce) {
    closeSync(root)
    libc.close()
    return undefined
  }
  const fail = (what: string): never => {
    const address = libc.symbols.__errno_location()
    throw new Error(`Cannot ${what}: errno ${address === null ? 'unknown' : read.i32(address, 0)}`)
  }
  const attributes = attributesOf(libc, fail)
  const usage = (project: number) => {
    const block = new Uint8Array(72)
    // A project that nobody used yet is ENOENT on xfs.
    if (!quotactl(commands.get, project, block)) return { limit: 0n, bytes: 0n, inodes: 0n }
    const view = new DataView(block.buffer)
    return { limit: view.getBigUint64(0, true), bytes: view.getBigUint64(16, true), inodes: view.getBigUint64(40, true) }
  }
  const setLimit = (project: number, bytes: number) => {
    if (!quotactl(commands.set, project, limitBlock(bytes))) fail(`limit the project ${project}`)
  }
  const freeProject = (name: string) => {
    for (let project = projectFor(name); ; project = nextProject(project)) {
      const { limit, inodes } = usage(project)
      if (limit === 0n && inodes === 0n) return project
    }
  }
  const projectOf = (path: string) => withFd(path, directoryFlags, (fd) => ours(attributes.get(fd).project))
  return {
    projectOf,
    limit(path, name, bytes) {
      // No await in here: nobody else takes the project between the look and the limit.
      const project = projectOf(path) ?? freeProject(name)
      setLimit(project, bytes)
      withFd(path, directoryFlags, (fd) => attributes.set(fd, { project, isInherited: true }))
    },
    free: (project) => setLimit(project, 0),
    setInherited: (path, isInherited) =>
      withFd(path, directoryFlags, (fd) => attributes.set(fd, { project: attributes.get(fd).project, isInherited })),
    async adopt(path, signal) {
      const fd = openSync(path, directoryFlags)
      try {
        const { project } = attributes.get(fd)
        await adoptBelow(fd, (each, isDirectory) => attributes.set(each, { project, isInherited: isDirectory }), signal)
      } finally {
        closeSync(fd)
      }
    },
    usedBytes: (project) => Number(usage(project).bytes),
    close() {
      closeSync(root)
      libc.close()
    },
  }
}

/** False also where the directory may not be opened: only root asks the engine's. */
export function enforcesProjectQuota(directory: string): boolean {
  try {
    const quota = openProjectQuota(directory)
    quota?.close()
    return quota !== undefined
  } catch {
    return false
  }
}

export const projectFor = (name: string): number =>
  firstProject + (createHash('sha256').update(name).digest().readUInt32BE(0) % firstProject)

const nextProject = (project: number): number => firstProject + ((project + 1) % firstProject)
const ours = (project: number): number | undefined =>
  project >= firstProject && project < 2 * firstProject ? project : undefined

/** `struct if_dqblk`: hard limits in KiB and inodes; 0 lifts them. */
export function limitBlock(bytes: number): Uint8Array {
  const block = new Uint8Array(72)
  const view = new DataView(block.buffer)
  view.setBigUint64(0, BigInt(Math.ceil(bytes / 1024)), true)
  view.setBigUint64(24, BigInt(Math.ceil(bytes / bytesPerInode)), true)
  view.setUint32(64, validLimits, true)
  return block
}

const directoryFlags = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW
const entryFlags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK
const yieldEvery = 256

type Libc = NonNullable<ReturnType<typeof openLibc>>

function openLibc() {
  const { i32, u32, i64, u64 } = FFIType
  try {
    return dlopen('libc.so.6', {
      syscall: { args: [i64, i32, u32, u32, FFIType.ptr], returns: i64 },
      ioctl: { args: [i32, u64, FFIType.ptr], returns: i32 },
      __errno_location: { args: [], returns: FFIType.ptr },
    })
  } catch {
    // Another libc: limits are measured there.
    return undefined
  }
}

interface Attributes {
  readonly project: number
  readonly isInherited: boolean
}

/** `struct fsxattr`: 28 bytes; flags first, the project after three words. */
function attributesOf(libc: Libc, fail: (what: string) => never) {
  const readAll = (fd: number): DataView<ArrayBuffer> => {
    const buffer = new Uint8Array(28)
    if (libc.symbols.ioctl(fd, ioctls.getAttributes, ptr(buffer)) !== 0) fail('read the project of a file')
    return new DataView(buffer.buffer)
  }
  return {
    get(fd: number): Attributes {
      const view = readAll(fd)
      return { project: view.getUint32(12, true), isInherited: (view.getUint32(0, true) & inheritFlag) !== 0 }
    },
    set(fd: number, { project, isInherited }: Attributes): void {
      const view = readAll(fd)
      const flags = view.getUint32(0, true)
      view.setUint32(0, isInherited ? flags | inheritFlag : flags & ~inheritFlag, true)
      view.setUint32(12, project, true)
      if (libc.symbols.ioctl(fd, ioctls.setAttributes, ptr(new Uint8Array(view.buffer))) !== 0) fail('set the project of a file')
    },
  }
}

/** Every step goes through the descriptor of the directory above, so that a link put in the way leads nowhere. */
async function adoptBelow(
  directory: number,
  give: (fd: number, isDirectory: boolean) => void,
  signal: AbortSignal,
): Promise<void> {
  const device = fstatSync(directory).dev
  let count = 0
  for await (const entry of await opendir(`/proc/self/fd/${directory}`)) {
    if (!entry.isFile() && !entry.isDirectory()) continue
    if (++count % yieldEvery === 0) await Bun.sleep(0)
    signal.throwIfAborted()
    const fd = openEntry(`/proc/self/fd/${directory}/${entry.name}`)
    if (fd === undefined) continue
    try {
      const found = fstatSync(fd)
      if (found.dev !== device || (!found.isFile() && !found.isDirectory())) continue
      give(fd, found.isDirectory())
      if (found.isDirectory()) await adoptBelow(fd, give, signal)
    } finally {
      closeSync(fd)
    }
  }
}

/** Undefined where it went away, or is a link by now. */
function openEntry(path: string): number | undefined {
  try {
    return openSync(path, entryFlags)
  } catch (error) {
    if (['ENOENT', 'ELOOP', 'ENXIO'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined
    throw error
  }
}

function withFd<T>(path: string, flags: number, action: (fd: number) => T): T {
  const fd = openSync(path, flags)
  try {
    return action(fd)
  } finally {
    closeSync(fd)
  }
}
