import { lstat, mkdir, open, readdir, rename } from 'node:fs/promises'
import { dirname, join } from 'node:path'

/** Nothing here follows a symbolic link: `lstat`, `readdir` and `rename` act on the entry itself. */
export async function hasEntry(path: string): Promise<boolean> {
  try {
    await lstat(path)
    return true
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return false
    throw error
  }
}

/** Names in a directory, as bytes-safe strings; none where it is not there. */
export async function entryNames(directory: string): Promise<string[]> {
  try {
    return (await readdir(directory)).sort()
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return []
    throw error
  }
}

/** The first of `<aside>/0`, `<aside>/1` … that does not hold this name yet: what is put aside never meets another. */
export async function moveAside(from: string, asideDir: string, name: string): Promise<void> {
  for (let number = 0; ; number++) {
    const directory = join(asideDir, String(number))
    if (await hasEntry(join(directory, name))) continue
    await mkdir(directory, { recursive: true, mode: 0o700 })
    return rename(from, join(directory, name))
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
