import { chmod, copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import type { RawEngine } from './raw-engine.ts'

export const benchImage = 'boilerhouse/bench:latest'

/** A web server of one static file and one process: what is measured is the house, not its guest. */
export const webServer = ['/bin/busybox', 'httpd', '-f', '-p', '8080', '-h', '/www'] as const

/** The image, from the static busybox that the set-up installed. */
export async function makeBenchImage(engine: RawEngine, busybox: string): Promise<void> {
  const root = await mkdtemp(join(tmpdir(), 'boilerhouse-bench-image-'))
  try {
    await mkdir(join(root, 'bin'))
    await mkdir(join(root, 'www'))
    await copyFile(busybox, join(root, 'bin/busybox'))
    await chmod(join(root, 'bin/busybox'), 0o755)
    await writeFile(join(root, 'www/index.html'), 'ok\n')
    const packed = Bun.spawnSync(['tar', '-c', '-C', root, '--owner=0', '--group=0', 'bin', 'www'])
    if (!packed.success) throw new Error(`tar failed: ${packed.stderr.toString()}`)
    await engine.importImage(benchImage, new Uint8Array(packed.stdout))
  } finally {
    await rm(root, { recursive: true, force: true })
  }
}
