import { cp, mkdir, symlink } from 'node:fs/promises'
import { join, relative } from 'node:path'

import { runProgram } from './run-program.ts'

export const repository = join(import.meta.dirname, '../..')

/**
 * A clone of what is committed, as a stranger gets it. What the set-up would download is taken from this checkout, so that no test sends
 * a packet off the machine; the set-up itself runs and finds it.
 */
export async function freshClone(into: string, env: Readonly<Record<string, string>>): Promise<string> {
  const cloned = await runProgram(['git', 'clone', '--quiet', '--no-hardlinks', repository, into], { cwd: '/', env })
  if (cloned.exitCode !== 0) throw new Error(`git clone failed: ${cloned.stderr}`)
  await mkdir(join(into, '.tools'))
  for (const part of ['bin', 'node_modules']) await symlink(join(repository, '.tools', part), join(into, '.tools', part))
  await cp(join(repository, '.tools/bun'), join(into, '.tools/bun'), { verbatimSymlinks: true })
  for await (const found of new Bun.Glob('{.,packages/*,apps/*,e2e,bench,scripts}/node_modules').scan({
    cwd: repository,
    onlyFiles: false,
    dot: false,
    followSymlinks: false,
  })) {
    const target = join(into, relative('.', found))
    await runProgram(['cp', '-a', '--reflink=auto', join(repository, found), target], { cwd: '/', env })
  }
  return into
}
