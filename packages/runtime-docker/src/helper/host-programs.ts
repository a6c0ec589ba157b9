import { readdir, realpath } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'

import { Fault } from '@boilerhouse/base'

import { runCommand, systemPath } from '../host/run-command.ts'

/** The host's iptables and what it loads: in a container it writes the very rules, in the very format, that the engine's own does. */
export interface HostPrograms {
  /** One binary for all its commands: `xtables-nft-multi` or `xtables-legacy-multi`. */
  readonly multi: string
  /** Path by which it is loaded -> the file. */
  readonly libraries: ReadonlyMap<string, string>
  /** Its matches and targets; none where they are built in. */
  readonly extensions: readonly string[]
}

export const noIptables = (detail: string): Fault =>
  new Fault('runtime.firewall_failed', `Cannot use the host's iptables in a container: ${detail}`, {
    remedy: 'Install iptables on this host, or run the server as root.',
  })

export async function findHostPrograms(signal: AbortSignal, path = systemPath): Promise<HostPrograms> {
  const found = Bun.which('iptables', { PATH: path })
  if (found === null) throw noIptables('it is not installed')
  const multi = await realpath(found)
  if (!basename(multi).includes('multi')) throw noIptables(`${multi} is not one program for all commands`)
  const needed = await librariesOf([multi], signal)
  const extensions = await findExtensions([...needed.values()])
  return { multi, libraries: new Map([...needed, ...(await librariesOf(extensions, signal))]), extensions }
}

/** `ldd` prints "name => path (address)", and the loader as "path (address)"; a static program has none and fails. */
async function librariesOf(files: readonly string[], signal: AbortSignal): Promise<ReadonlyMap<string, string>> {
  if (files.length === 0) return new Map()
  const { stdout } = await runCommand(['ldd', ...files], { signal })
  const paths = stdout.split('\n').flatMap((line) => /^\s+(?:\S+ => )?(\/\S+) \(0x/.exec(line)?.[1] ?? [])
  return new Map(await Promise.all([...new Set(paths)].map(async (path) => [path, await realpath(path)] as const)))
}

async function findExtensions(libraries: readonly string[]): Promise<readonly string[]> {
  const beside = libraries
    .filter((path) => basename(path).startsWith('libxtables.'))
    .map((path) => join(dirname(path), 'xtables'))
  for (const directory of [...beside, '/usr/lib/xtables', '/usr/lib64/xtables', '/lib/xtables', '/usr/libexec/xtables']) {
    const names = await readdir(directory).catch(() => [])
    const found = names.filter((name) => name.endsWith('.so'))
    if (found.length > 0) return found.map((name) => join(directory, name))
  }
  return []
}
