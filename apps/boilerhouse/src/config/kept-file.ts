import { randomBytes } from 'node:crypto'
import { chmod, link, mkdir, open, readFile, stat, unlink } from 'node:fs/promises'
import { join } from 'node:path'

import { Fault } from '@boilerhouse/base'

/** The data directory with mode 0700, made where it is not there; refused where it is another user's. */
export async function ensureDataDir(path: string, uid: number): Promise<void> {
  try {
    await mkdir(path, { recursive: true, mode: 0o700 })
    const { uid: owner, mode } = await stat(path)
    if (owner !== uid) throw new Error(`it belongs to uid ${owner}, the server runs as uid ${uid}`)
    if ((mode & 0o777) !== 0o700) await chmod(path, 0o700)
  } catch (cause) {
    throw new Fault('setting.invalid', `BOILERHOUSE_DATA_DIR=${path} cannot be used: ${(cause as Error).message}`, {
      cause,
      remedy: 'Set BOILERHOUSE_DATA_DIR to a directory that belongs to this user, or run as the user it belongs to.',
    })
  }
}

/**
 * One line kept in a file of mode 0600, made with `make` where it is not there. Of several processes that start at once all get the
 * same line: the file appears whole, by link.
 */
export async function keptLine(directory: string, name: string, make: () => string): Promise<{ line: string; isNew: boolean }> {
  const path = join(directory, name)
  const there = await readKept(path)
  if (there !== undefined) return { line: there, isNew: false }
  const scratch = `${path}.${randomBytes(6).toString('hex')}`
  const file = await open(scratch, 'wx', 0o600)
  try {
    await file.writeFile(`${make()}\n`)
    await file.sync()
  } finally {
    await file.close()
  }
  const isNew = await link(scratch, path).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'EEXIST') return false
      throw error
    },
  )
  await unlink(scratch)
  const line = await readKept(path)
  if (line === undefined) throw new Fault('setting.invalid', `${path} vanished while it was read`, { remedy: 'Start again.' })
  return { line, isNew }
}

/** The line of a kept file; `undefined` where there is none. A file that others may read is made private again. */
export async function readKept(path: string): Promise<string | undefined> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw new Fault('setting.invalid', `${path} cannot be read: ${error.code ?? error.message}`, {
      cause: error,
      remedy: 'Make it readable for the user that the server runs as.',
    })
  })
  if (text === undefined) return undefined
  if (((await stat(path)).mode & 0o077) !== 0) await chmod(path, 0o600)
  const line = text.trim()
  if (line !== '') return line
  throw new Fault('setting.invalid', `${path} is empty`, {
    remedy: 'Put the former value back from a backup, or remove the file to have a new one made.',
  })
}
