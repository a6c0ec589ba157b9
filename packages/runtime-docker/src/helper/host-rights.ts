import { existsSync, readdirSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import type { ContainerId } from '@boilerhouse/base'
import type Docker from 'dockerode'

import type { ContainerFacts } from '../container-facts.ts'
import { runCommand, type RunCommand } from '../host/run-command.ts'
import type { Layout } from '../layout.ts'
import { chownInContainer } from './chown-in-container.ts'
import { createHelperContainer, removeHelpers, type HelperDeps, type HelperPowers } from './helper-container.ts'
import type { HelperImage } from './helper-image.ts'

/** What needs root on this host: done directly where the server is root, else by helper containers of ours. */
export interface HostRights {
  /** Programs that read and write the host's firewall. */
  readonly run: RunCommand
  /** Writes a setting of the kernel's network, below `/proc/sys/net`. */
  writeSetting(path: string, value: string, signal: AbortSignal): Promise<void>
  /** Owner of everything in a directory of the engine's host; links are not followed. */
  chown(hostDirectory: string, uid: number, signal: AbortSignal): Promise<void>
  /** What a container's volumes use, in bytes, whatever of it is closed to the server's user. */
  du(containerId: ContainerId, signal: AbortSignal): Promise<number>
  /** What its writable layer uses; not there where the server reads the engine's directory itself. */
  readonly layerBytes?: (container: ContainerFacts, signal: AbortSignal) => Promise<number>
  /** Takes away what was made for this; call it when no network is left. */
  remove(signal: AbortSignal): Promise<void>
}

const lockFile = '/run/xtables.lock'

export const rootRights: HostRights = {
  run: runCommand,
  writeSetting: (path, value) => writeFile(path, value),
  async chown(directory, uid, signal) {
    const { exitCode, stderr } = await runCommand(['chown', '-hR', `${uid}`, directory], { signal })
    if (exitCode !== 0) throw new Error(stderr.trim())
  },
  du: () => Promise.reject(new Error('something is closed to root')),
  remove: async () => {},
}

/** For a server whose user may use the engine but not change the host. */
export function helperRights(deps: HelperDeps & { readonly layout: Layout }): HostRights {
  const { run } = createHelperContainer(deps, 'netadmin', netadminPowers)
  const meter = createHelperContainer(deps, 'meter', () => meterPowers(deps.layout))
  return {
    run,
    async writeSetting(path, value, signal) {
      const script = 'printf %s "$2" > "$1"'
      const { exitCode, stderr } = await run(['/bin/busybox', 'sh', '-c', script, 'sh', path, value], { signal })
      if (exitCode !== 0) throw new Error(stderr.trim())
    },
    chown: (hostDirectory, uid, signal) => chownInContainer(deps, hostDirectory, uid, signal),
    async du(containerId, signal) {
      const { stdout } = await meter.run(['/bin/busybox', 'du', '-sxk', `/volumes/${containerId}`], { signal })
      return (Number.parseInt(stdout, 10) || 0) * 1024
    },
    async layerBytes({ engineId }, signal) {
      const call = { name: 'container.size', subject: 'container', signal } as const
      const filters = { id: [engineId] }
      const [found] = await deps.engine.call(call, (docker) => docker.listContainers({ all: true, size: true, filters }))
      return (found as { readonly SizeRw?: number } | undefined)?.SizeRw ?? 0
    },
    remove: (signal) => removeHelpers(deps, signal),
  }
}

function netadminPowers({ isLegacy }: HelperImage): HelperPowers {
  const sharesLock = isLegacy && existsSync(lockFile)
  return {
    NetworkMode: 'host',
    CapAdd: ['NET_ADMIN', 'NET_RAW'],
    Mounts: sharesLock ? [{ Type: 'bind', Source: lockFile, Target: lockFile }] : [],
    ReadonlyPaths: readonlyPaths(),
  }
}

/** Reads the sizes of everything, and changes nothing. */
function meterPowers({ hostDataDir }: Layout): HelperPowers {
  const volumes: Docker.MountSettings = { Type: 'bind', Source: join(hostDataDir, 'volumes'), Target: '/volumes', ReadOnly: true }
  return {
    CapAdd: ['DAC_READ_SEARCH'],
    // A tenant with a million files slows nobody.
    CpuShares: 2,
    Mounts: [volumes],
  }
}

/** As the engine has them, but for the network's own settings, which are what this helper is for. */
function readonlyPaths(): string[] {
  const settings = readdirSync('/proc/sys').filter((name) => name !== 'net')
  return ['bus', 'fs', 'irq', 'sysrq-trigger', ...settings.map((name) => `sys/${name}`)].map((path) => `/proc/${path}`)
}
