import { mkdir, rename, rm, symlink } from 'node:fs/promises'
import { join } from 'node:path'

import { hasDebianPackages, type DebianPackages } from './debian-packages.ts'
import { findProgram, runCommand } from './run-command.ts'
import { SetUpFailure } from './set-up-failure.ts'

/** Puts rclone at `<tools>/bin/rclone`: a link to the host's own, else to the distribution's, unpacked beside. Returns its version. */
export async function provideRclone(toolsDir: string, packages: DebianPackages): Promise<string> {
  const target = join(toolsDir, 'bin', 'rclone')
  const there = await version(target)
  if (there) return there
  await mkdir(join(toolsDir, 'bin'), { recursive: true })
  const onHost = findProgram('rclone')
  if (onHost && onHost !== target) {
    await link(onHost, target)
  } else if (hasDebianPackages()) {
    await packages.unpack('rclone', join(toolsDir, 'rclone'))
    await link('../rclone/usr/bin/rclone', target)
  }
  const found = await version(target)
  if (found) return found
  throw new SetUpFailure(
    'rclone is not there or does not run',
    'Install the package `rclone` of your distribution, then run this again.',
  )
}

async function link(to: string, target: string): Promise<void> {
  await rm(`${target}.new`, { force: true })
  await symlink(to, `${target}.new`)
  await rename(`${target}.new`, target)
}

async function version(path: string): Promise<string | undefined> {
  const { exitCode, output } = await runCommand([path, 'version'])
  return exitCode === 0 ? /rclone v(\S+)/.exec(output)?.[1] : undefined
}
