import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import type { Progress } from './progress.ts'
import { findProgram, lastLines, runCommand, type CommandResult } from './run-command.ts'
import { SetUpFailure } from './set-up-failure.ts'

const env = { DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C' }
/** Waits for another apt; does not need a user of its own to download into our directory. */
const options = ['-y', '-o', 'DPkg::Lock::Timeout=600', '-o', 'Acquire::Retries=3', '-o', 'APT::Sandbox::User=root']

export interface DebianPackages {
  /** Installs as root, without recommended packages. */
  install(names: readonly string[]): Promise<void>
  /** Unpacks a package into a directory and installs nothing; needs no root where the package lists are there. */
  unpack(name: string, directory: string): Promise<void>
}

export const hasDebianPackages = (): boolean => findProgram('apt-get') !== null && findProgram('dpkg-deb') !== null

export function createDebianPackages(progress: Progress): DebianPackages {
  let isUpdated = false

  /** Lists may be missing or too old to find the file: they are fetched once, and the call repeated. */
  async function withLists(action: () => Promise<CommandResult>): Promise<CommandResult> {
    const first = await action()
    if (first.exitCode === 0 || isUpdated || process.getuid?.() !== 0) return first
    isUpdated = true
    progress.working("the distribution's package lists (apt-get update)")
    const updated = await runCommand(['apt-get', ...options, 'update'], { env })
    return updated.exitCode === 0 ? action() : updated
  }

  return {
    async install(names) {
      progress.working(`installing ${names.join(', ')} with apt-get`)
      const argv = ['apt-get', ...options, 'install', '--no-install-recommends', ...names]
      const result = await withLists(() => runCommand(argv, { env }))
      if (result.exitCode === 0) return
      throw new SetUpFailure(
        `apt-get could not install ${names.join(' ')}:\n${lastLines(result.output, 12)}`,
        `Correct what apt-get says, try \`apt-get update && apt-get install --no-install-recommends ${names.join(' ')}\`, then run this again.`,
      )
    },

    async unpack(name, directory) {
      progress.working(`unpacking ${name} of the distribution`)
      const scratch = await mkdtemp(join(tmpdir(), 'boilerhouse-deb-'))
      try {
        const result = await withLists(() => runCommand(['apt-get', ...options, 'download', name], { env, cwd: scratch }))
        const archive = (await readdir(scratch)).find((file) => file.endsWith('.deb'))
        const unpacked = archive && (await runCommand(['dpkg-deb', '-x', join(scratch, archive), directory]))
        if (unpacked && unpacked.exitCode === 0) return
        throw new SetUpFailure(
          `The package ${name} could not be fetched:\n${lastLines((unpacked || result).output, 12)}`,
          `Run \`sudo apt-get update && sudo apt-get install --no-install-recommends ${name}\`, then run this again.`,
        )
      } finally {
        await rm(scratch, { recursive: true, force: true })
      }
    },
  }
}
