import type { DebianPackages } from './debian-packages.ts'
import { hasDebianPackages } from './debian-packages.ts'
import { findProgram } from './run-command.ts'
import { SetUpFailure } from './set-up-failure.ts'

/** The walls between tenants and the host are rules of iptables; nothing starts without them. */
export async function provideIptables(packages: DebianPackages): Promise<void> {
  if (findProgram('iptables')) return
  if (process.getuid?.() === 0 && hasDebianPackages()) return packages.install(['iptables'])
  throw new SetUpFailure(
    'iptables is not there',
    'Run `sudo apt-get install --no-install-recommends iptables` (or what your distribution has for it), then run this again.',
  )
}
