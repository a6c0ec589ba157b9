import { hasDebianPackages, type DebianPackages } from './debian-packages.ts'
import { findProgram } from './run-command.ts'
import { SetUpFailure } from './set-up-failure.ts'

/** A browser for the tests that look at pages: the host's own, else the distribution's. Only `npm test` asks for it. */
export async function provideChromium(packages: DebianPackages): Promise<void> {
  if (findProgram('chromium')) return
  if (process.getuid?.() === 0 && hasDebianPackages()) return packages.install(['chromium'])
  throw new SetUpFailure(
    'chromium is not there, which the tests look at pages with',
    'Run `sudo apt-get install --no-install-recommends chromium` (or what your distribution has for it), then run this again.',
  )
}
