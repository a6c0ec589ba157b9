import { copyFile, mkdtemp, mkdir, open, rename, rm, chmod } from 'node:fs/promises'
import { join } from 'node:path'

import { hasDebianPackages, type DebianPackages } from './debian-packages.ts'
import { SetUpFailure } from './set-up-failure.ts'

const interpreterSegment = 3

/**
 * Puts a static busybox at `<tools>/bin/busybox`: the host's own where it is static, else the distribution's, unpacked beside.
 * It is mounted into every container, whatever libraries the image has, so a dynamic one will not do.
 */
export async function provideStaticBusybox(toolsDir: string, packages: DebianPackages): Promise<string> {
  const target = join(toolsDir, 'bin', 'busybox')
  if (await isStaticElf(target)) return target
  await mkdir(join(toolsDir, 'bin'), { recursive: true })
  for (const candidate of ['/bin/busybox', '/usr/bin/busybox', '/bin/busybox.static', '/usr/local/bin/busybox']) {
    if (await isStaticElf(candidate)) return place(candidate, target)
  }
  if (!hasDebianPackages()) {
    throw new SetUpFailure(
      'There is no static busybox',
      "Install your distribution's static busybox (`busybox-static`) so that /bin/busybox is static, then run this again.",
    )
  }
  const scratch = await mkdtemp(join(toolsDir, 'busybox-'))
  try {
    await packages.unpack('busybox-static', scratch)
    for (const path of ['bin/busybox', 'usr/bin/busybox']) {
      if (await isStaticElf(join(scratch, path))) return await place(join(scratch, path), target)
    }
    throw new SetUpFailure(
      'The package busybox-static holds no static busybox',
      'Put a static busybox at /bin/busybox, then run this again.',
    )
  } finally {
    await rm(scratch, { recursive: true, force: true })
  }
}

/** True for a 64-bit ELF program that names no interpreter: it runs without any library. */
export async function isStaticElf(path: string): Promise<boolean> {
  const file = await open(path).catch(() => undefined)
  if (!file) return false
  try {
    const head = Buffer.alloc(4096)
    const { bytesRead } = await file.read(head, 0, head.length, 0)
    if (bytesRead < 64 || head.readUInt32BE(0) !== 0x7f454c46 || head[4] !== 2) return false
    const start = Number(head.readBigUInt64LE(32))
    const size = head.readUInt16LE(54)
    const count = head.readUInt16LE(56)
    if (start + size * count > bytesRead) return false
    for (let i = 0; i < count; i++) if (head.readUInt32LE(start + i * size) === interpreterSegment) return false
    return true
  } finally {
    await file.close()
  }
}

async function place(from: string, to: string): Promise<string> {
  await copyFile(from, `${to}.new`)
  await chmod(`${to}.new`, 0o755)
  await rename(`${to}.new`, to)
  return to
}
