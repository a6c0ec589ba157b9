import { createHash } from 'node:crypto'
import { lstat, mkdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { Fault } from '@boilerhouse/base'

/** What a client needs; `host` is the directory of the Unix socket. */
export interface PostgresConnection {
  readonly host: string
  readonly port: number
  readonly user: string
  readonly database: string
}

export const socketPort = 5432
const socketName = `.s.PGSQL.${socketPort}.lock`
/** `sun_path` of Linux without its closing NUL. */
const longestPath = 107
/** Postgres reads a comma-separated list with quotes: other characters are kept out of it. */
const plainPath = /^[\w./@:+-]+$/

/**
 * The directory of the socket, mode 0700: only the owner of the server reaches a database that asks for no password. Beside the data
 * where the path is short enough, else under `runDir` or the directory for temporary files, named by a hash of the data directory.
 */
export async function socketDirectory(home: string, runDir: string | undefined): Promise<string> {
  const hash = createHash('sha256').update(home).digest('hex').slice(0, 16)
  const candidates = [
    join(home, 'run'),
    ...(runDir ? [join(runDir, `postgres-${hash}`)] : []),
    join(tmpdir(), `boilerhouse-${hash}`),
  ]
  const fits = candidates.find((path) => Buffer.byteLength(join(path, socketName)) <= longestPath && plainPath.test(path))
  if (!fits) {
    throw new Fault('setting.invalid', `No directory is short enough for the socket of Postgres: ${candidates.join(', ')}`, {
      remedy: 'Set TMPDIR to a short path, or BOILERHOUSE_DATA_DIR to one below 80 characters.',
    })
  }
  await mkdir(fits, { recursive: true, mode: 0o700 })
  const found = await lstat(fits)
  if (!found.isDirectory() || found.uid !== process.getuid?.() || (found.mode & 0o077) !== 0) {
    throw new Fault('setting.invalid', `${fits} is not a directory of this user's alone`, {
      remedy: `Remove ${fits}, or find out who made it.`,
    })
  }
  return fits
}
