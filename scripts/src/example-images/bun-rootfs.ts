import { chmod, copyFile, link, mkdir, realpath, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'

import { runCommand } from '../bootstrap/run-command.ts'
import { SetUpFailure } from '../bootstrap/set-up-failure.ts'

export interface RootfsParts {
  /** The binary that runs this. */
  readonly bun: string
  readonly busybox: string
}

/** Lays a small root file system out: busybox with a link for each applet, Bun, and the libraries that `ldd` names. */
export async function layOutRootfs(rootfs: string, { bun, busybox }: RootfsParts): Promise<void> {
  for (const directory of ['bin', 'etc', 'dev', 'proc', 'sys', 'run', 'app', 'workspace', 'usr/local/bin', 'usr/bin']) {
    await mkdir(join(rootfs, directory), { recursive: true })
  }
  await mkdir(join(rootfs, 'tmp'))
  await chmod(join(rootfs, 'tmp'), 0o1777)
  await writeFile(join(rootfs, 'etc/passwd'), 'root:x:0:0:root:/:/bin/sh\nuser:x:1000:1000:user:/tmp:/bin/sh\n')
  await writeFile(join(rootfs, 'etc/group'), 'root:x:0:\nuser:x:1000:\n')
  await place(await realpath(bun), join(rootfs, 'usr/local/bin/bun'))
  for (const library of await librariesOf(bun)) await place(await realpath(library), join(rootfs, library))
  await place(busybox, join(rootfs, 'bin/busybox'))
  const { output } = await runCommand([busybox, '--list'])
  const applets = output.split('\n').filter((name) => /^[a-z0-9[_.-]+$/i.test(name) && name !== 'busybox')
  await Promise.all(applets.map((name) => symlink('busybox', join(rootfs, 'bin', name))))
  await symlink('/bin/env', join(rootfs, 'usr/bin/env'))
}

/** Absolute paths of the loader and the shared libraries of a program. */
export async function librariesOf(program: string): Promise<readonly string[]> {
  const { exitCode, output } = await runCommand(['ldd', program])
  const paths = output.split('\n').flatMap((line) => /(?:=>\s*|^\s*)(\/\S+)\s+\(0x/.exec(line)?.[1] ?? [])
  if (exitCode === 0 && paths.length > 0) return paths
  throw new SetUpFailure(
    `The libraries of ${program} cannot be told:\n${output}`,
    'Install `ldd` (package libc-bin), then run this again.',
  )
}

/** A hard link where the file system allows, for it is the same bytes; else a copy. */
async function place(from: string, to: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true })
  await link(from, to).catch(() => copyFile(from, to))
}
