import { mkdir, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'

import { Fault } from '@boilerhouse/base'

import type { Binaries } from './binaries.ts'
import { runUnprivileged } from './unprivileged.ts'

export const databaseUser = 'boilerhouse'

/** Makes the cluster where there is none: beside its place and then renamed, so that a half-made one is never started. */
export async function ensureCluster(binaries: Binaries, home: string, isDurable: boolean): Promise<string> {
  const data = join(home, 'data')
  const version = await readFile(join(data, 'PG_VERSION'), 'utf8').catch(() => undefined)
  if (version !== undefined) {
    checkVersion(version.trim(), binaries.major, data)
    return data
  }
  const half = join(home, 'data.new')
  await mkdir(home, { recursive: true, mode: 0o700 })
  await rm(half, { recursive: true, force: true })
  const result = await runUnprivileged(binaries.initdb, [
    '--auth=trust',
    '--encoding=UTF8',
    '--locale=C',
    '--no-instructions',
    `--pgdata=${half}`,
    `--username=${databaseUser}`,
    ...(isDurable ? [] : ['--no-sync']),
  ])
  if (result.exitCode !== 0) {
    throw new Fault('store.unavailable', `Cannot make a database in ${data}: ${lastLines(result.output)}`, {
      remedy: `Give a data directory that this user owns, with its parents, and room on its disk.`,
    })
  }
  await rename(half, data)
  return data
}

function checkVersion(found: string, ours: string, data: string): void {
  if (found === ours) return
  const isNewer = Number(found) > Number(ours)
  throw new Fault('store.version', `${data} was written by Postgres ${found}; this program brings Postgres ${ours}`, {
    remedy: isNewer
      ? 'Start the newer release of Boilerhouse that wrote it.'
      : 'With the earlier release run `./boilerhouse backup create`, then `backup restore` with this one into an empty data directory.',
  })
}

export const lastLines = (text: string): string => text.trim().split('\n').slice(-5).join(' | ')
