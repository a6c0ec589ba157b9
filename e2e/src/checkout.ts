import { existsSync } from 'node:fs'
import { chmod, cp, mkdir, mkdtemp, readdir, symlink } from 'node:fs/promises'
import { join } from 'node:path'

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
  for (const directory of await packageDirectories()) {
    const modules = join(repository, directory, 'node_modules')
    const copied = await runProgram(['cp', '-a', '--reflink=auto', modules, join(into, directory)], { cwd: '/', env })
    if (copied.exitCode !== 0) throw new Error(`copying ${modules} failed: ${copied.stderr}`)
  }
  return into
}

/** Where dependencies lie: the root, and each package that has any. */
async function packageDirectories(): Promise<readonly string[]> {
  const parents = ['packages', 'apps']
  const below = await Promise.all(
    parents.map(async (parent) => (await readdir(join(repository, parent))).map((name) => join(parent, name))),
  )
  return ['.', 'e2e', 'bench', 'scripts', ...below.flat()].filter((directory) =>
    existsSync(join(repository, directory, 'node_modules')),
  )
}

/** This checkout again, at a place that every user may read: it may itself lie where only root may look. */
export async function readableCheckout(): Promise<string> {
  const into = await mkdtemp('/tmp/boilerhouse-checkout-')
  await chmod(into, 0o755)
  const env = { PATH: process.env['PATH'] ?? '' }
  // By links where both are on one file system.
  const linked = await runProgram(['cp', '-al', `${repository}/.`, into], { cwd: '/', env })
  const copied = linked.exitCode === 0 ? linked : await runProgram(['cp', '-a', `${repository}/.`, into], { cwd: '/', env })
  if (copied.exitCode !== 0) throw new Error(`copying ${repository} failed: ${copied.stderr}`)
  await chmod(into, 0o755)
  return into
}
