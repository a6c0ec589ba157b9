import { createHash } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'

import type { Config } from '../config/load-config.ts'
import { version } from '../version.ts'

/** What a backup says of its installation besides the rows: by it a restore tells what else has to be there. */
export interface BackupNotes {
  readonly program: string
  readonly installation: string
  /** A fingerprint of the secret key: rows are sealed with it, and it never lies in a backup. */
  readonly secretKeyId: string
  /** Names below `kept` in the data directory: the files of tenants who hold no container. */
  readonly kept: readonly string[]
  /** Names below `volumes`: the files of those who do. */
  readonly volumes: readonly string[]
}

export async function takeNotes(config: Config): Promise<BackupNotes> {
  return {
    program: version,
    installation: config.installationId,
    secretKeyId: secretKeyIdOf(config),
    kept: await namesIn(join(config.dataDir, 'kept')),
    volumes: await namesIn(join(config.dataDir, 'volumes')),
  }
}

/** One way: SHA-256 of a key of at least 128 random bits, under a name of its own. */
export const secretKeyIdOf = ({ secretKey }: Pick<Config, 'secretKey'>): string =>
  createHash('sha256').update(`boilerhouse secret key id\0${secretKey}`).digest('hex').slice(0, 16)

/** Which of the directories that the backup lists are not below this data directory. */
export async function missingState(config: Config, { kept, volumes }: BackupNotes): Promise<readonly string[]> {
  const there = await takeNotes(config)
  const missing = (directory: 'kept' | 'volumes', names: readonly string[]) =>
    names.filter((name) => !there[directory].includes(name)).map((name) => `${directory}/${name}`)
  return [...missing('kept', kept), ...missing('volumes', volumes)]
}

async function namesIn(directory: string): Promise<readonly string[]> {
  const entries = await readdir(directory, { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return []
    throw error
  })
  return entries
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort()
}
