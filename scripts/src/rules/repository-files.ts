import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

import { runCommand } from '../bootstrap/run-command.ts'
import type { RepositoryFile } from './rule.ts'

/** What is tracked, and what is new and not ignored, with its text. */
export async function repositoryFiles(root: string): Promise<readonly RepositoryFile[]> {
  const { exitCode, output } = await runCommand([
    'git',
    '-C',
    root,
    'ls-files',
    '-z',
    '--cached',
    '--others',
    '--exclude-standard',
  ])
  if (exitCode !== 0) throw new Error(`The files of the repository cannot be listed: ${output}`)
  const paths = [...new Set(output.split('\0').filter((path) => path !== ''))].sort()
  const files = await Promise.all(paths.map((path) => repositoryFile(root, path)))
  return files.filter((file) => file !== undefined)
}

/** `undefined` for a file that was deleted and not yet committed. */
async function repositoryFile(root: string, path: string): Promise<RepositoryFile | undefined> {
  const bytes = await readFile(join(root, path)).catch(() => undefined)
  if (!bytes) return undefined
  return { path, text: bytes.includes(0) ? '' : bytes.toString('utf8') }
}
