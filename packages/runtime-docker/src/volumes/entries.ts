import { chmod, lstat, mkdir, open, readdir, rename } from 'node:fs/promises'
import { dirname, join } from 'node:path'

/** Nothing here follows a symbolic link: `lstat`, `readdir` and `rename` act on the entry itself. */
export async function hasEntry(path: string | Buffer): Promise<boolean> {
  try {
    await lstat(path)
    return true
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return false
    throw error
  }
}

/**
 * Names in a directory; none where it is not there. A name is bytes, and a tenant may choose ones that are not UTF-8: here each byte
 * is one character, so that every name survives JSON and finds its file again. Only `entryPath` makes a path of one.
 */
export async function entryNames(directory: string): Promise<string[]> {
  try {
    return (await readdir(directory, 'latin1')).sort()
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return []
    throw error
  }
}

export const entryPath = (directory: string, name: string): Buffer =>
  Buffer.concat([Buffer.from(`${directory}/`), Buffer.from(name, 'latin1')])

/** The first of `<aside>/0`, `<aside>/1` … that does not hold this name yet: what is put aside never meets another. */
export async function moveAside(from: Buffer, asideDir: string, name: string): Promise<void> {
  for (let number = 0; ; number++) {
    const directory = join(asideDir, String(number))
    if (await hasEntry(entryPath(directory, name))) continue
    await mkdir(directory, { recursive: true, mode: 0o700 })
    return moveEntry(from, entryPath(directory, name))
  }
}

/**
 * Renames into another directory. That writes to a directory that is moved (its `..`), so where the server is not root one that its
 * owner made read-only is opened for that moment.
 */
export async function moveEntry(from: Buffer, to: Buffer): Promise<void> {
  try {
    return await rename(from, to)
  } catch (error) {
    const info = await lstat(from)
    if (!isErrno(error, 'EACCES') || !info.isDirectory()) throw error
    const mode = info.mode & 0o7777
    if ((mode & 0o300) === 0o300) throw error
    await chmod(from, mode | 0o300)
    await rename(from, to)
    await chmod(to, mode)
  }
}

/** Makes what was renamed in these directories outlive a power cut. */
export async function syncDirectories(...directories: readonly string[]): Promise<void> {
  for (const directory of directories) {
    if (await hasEntry(directory)) await syncPath(directory)
  }
}

/** Written beside, synced, renamed, and the directory synced: after it resolves the content survives anything. */
export async function writeDurably(path: string, content: string): Promise<void> {
  const beside = `${path}.new`
  const file = await open(beside, 'w', 0o600)
  try {
    await file.writeFile(content)
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(beside, path)
  await syncPath(dirname(path))
}

export const isErrno = (error: unknown, ...codes: readonly string[]): boolean =>
  error instanceof Error && 'code' in error && codes.includes(String(error.code))

async function syncPath(path: string): Promise<void> {
  const file = await open(path, 'r')
  try {
    await file.sync()
  } finally {
    await file.close()
  }
}
