import { chmod, copyFile, mkdir, readFile, rename } from 'node:fs/promises'
import { join } from 'node:path'

import { Fault } from '@boilerhouse/base'

import { hasEntry } from './volumes/entries.ts'

/** Puts the static busybox where every container has it mounted; renamed in, since containers may run the former one. */
export async function installBusybox(busyboxPath: string, binDir: string): Promise<void> {
  const target = join(binDir, 'busybox')
  await mkdir(binDir, { recursive: true })
  await chmod(binDir, 0o755)
  const wanted = await readFile(busyboxPath).catch((cause: unknown) => {
    throw new Fault('setting.invalid', `Cannot read the static busybox at ${busyboxPath}`, {
      cause,
      remedy: 'Install busybox-static.',
    })
  })
  if ((await hasEntry(target)) && wanted.equals(await readFile(target))) return
  const beside = `${target}.new`
  if (busyboxPath !== target) await copyFile(busyboxPath, beside)
  await chmod(beside, 0o555)
  await rename(beside, target)
}
