import { join } from 'node:path'

import { provideChromium } from './bootstrap/chromium.ts'
import { createDebianPackages } from './bootstrap/debian-packages.ts'
import { provideDockerEngine } from './bootstrap/docker-engine.ts'
import { provideIptables } from './bootstrap/iptables.ts'
import { createProgress } from './bootstrap/progress.ts'
import { provideRclone } from './bootstrap/rclone.ts'
import { SetUpFailure } from './bootstrap/set-up-failure.ts'
import { provideStaticBusybox } from './bootstrap/static-busybox.ts'

const toolsDir = join(import.meta.dirname, '../../.tools')
const progress = createProgress((line) => process.stdout.write(`${line}\n`))
const packages = createDebianPackages(progress)

try {
  // One after the other where something is missing: apt-get and dpkg take one caller at a time.
  await provideStaticBusybox(toolsDir, packages)
  const rclone = await provideRclone(toolsDir, packages)
  const engine = await provideDockerEngine(progress)
  await provideIptables(packages)
  if (process.argv[2] === 'test') await provideChromium(packages)
  progress.done(`Bun ${Bun.version}, busybox, rclone ${rclone}, iptables, Docker ${engine.version}`)
} catch (error) {
  if (!(error instanceof SetUpFailure)) throw error
  process.stderr.write(`\n  FAILED  ${error.message.replaceAll('\n', '\n          ')}\n  remedy  ${error.remedy}\n`)
  process.exitCode = 1
}
