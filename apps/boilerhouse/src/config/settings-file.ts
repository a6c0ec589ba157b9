import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'

import { Fault } from '@boilerhouse/base'
import { parseDocument } from 'yaml'

import type { SettingsInput } from './parse-settings.ts'

export interface SettingsFilePlaces {
  /** BOILERHOUSE_CONFIG: this file and no other; it must be there. */
  readonly named: string | undefined
  readonly cwd: string
  readonly dataDir: string
}

/** The one `boilerhouse.yaml` that counts: the named one, else the one in the working directory, else in the data directory. */
export async function readSettingsFile({ named, cwd, dataDir }: SettingsFilePlaces): Promise<SettingsInput['file']> {
  if (named) return read(resolve(cwd, named), true)
  return (await read(join(cwd, 'boilerhouse.yaml'), false)) ?? (await read(join(dataDir, 'boilerhouse.yaml'), false))
}

async function read(path: string, isNeeded: boolean): Promise<SettingsInput['file']> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if ((error.code === 'ENOENT' || error.code === 'ENOTDIR') && !isNeeded) return undefined
    throw new Fault('setting.invalid', `${path} cannot be read: ${error.code ?? error.message}`, {
      cause: error,
      remedy: isNeeded
        ? 'Set BOILERHOUSE_CONFIG to a file that this user may read, or unset it.'
        : 'Make it readable for this user, or remove it.',
    })
  })
  if (text === undefined) return undefined
  const document = parseDocument(text, { prettyErrors: true })
  const [error] = document.errors
  if (error)
    throw new Fault('setting.invalid', `${path} is not YAML: ${error.message}`, { remedy: 'Correct the line that is named.' })
  return { path, content: document.toJS({ maxAliasCount: 100 }) as unknown }
}
