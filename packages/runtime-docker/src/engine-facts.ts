import { existsSync } from 'node:fs'
import { release } from 'node:os'

import { Fault } from '@boilerhouse/base'

import { desktopFault, type Engine } from './engine.ts'

/** What the engine says about itself; read at the start and each time it answers again. */
export interface EngineFacts {
  readonly version: string
  readonly ociRuntimes: readonly string[]
  readonly hasGpus: boolean
  /** What it lets a container have at most. */
  readonly cpus: number
  readonly warnings: readonly string[]
  /** Where the engine takes a size for a container's writable layer, if its file system has project quotas: overlay2 on xfs. */
  readonly layersDir?: string
}

/** What `/info` tells that matters here. */
interface EngineInfo {
  readonly ServerVersion: string
  readonly OperatingSystem: string
  readonly KernelVersion: string
  readonly NCPU: number
  readonly Runtimes?: Readonly<Record<string, unknown>>
  readonly DiscoveredDevices?: readonly unknown[] | null
  readonly LiveRestoreEnabled?: boolean
  readonly MemoryLimit?: boolean
  readonly CpuCfsQuota?: boolean
  readonly PidsLimit?: boolean
  readonly SecurityOptions?: readonly string[]
  readonly Driver?: string
  readonly DriverStatus?: readonly (readonly [string, string])[] | null
  readonly DockerRootDir?: string
  readonly BridgeNfIptables?: boolean
  readonly BridgeNfIp6tables?: boolean
  readonly IPv4Forwarding?: boolean
}

/** Throws `setting.invalid` where the engine runs in another machine than this process: its files and addresses are not ours. */
export async function readEngineFacts(engine: Engine, signal: AbortSignal): Promise<EngineFacts> {
  const call = { name: 'info', subject: 'engine', signal } as const
  const info = (await engine.call(call, (docker) => docker.info())) as EngineInfo
  if (info.OperatingSystem.includes('Docker Desktop')) throw desktopFault(engine.socketPath)
  if (info.KernelVersion !== release()) {
    throw new Fault('setting.invalid', `Cannot use the engine at ${engine.socketPath}: it runs on another host`, {
      remedy: "Run the server on the engine's own host.",
    })
  }
  return factsOf(info)
}

function factsOf(info: EngineInfo): EngineFacts {
  const ociRuntimes = Object.keys(info.Runtimes ?? {})
  return {
    version: info.ServerVersion,
    ociRuntimes,
    hasGpus: ociRuntimes.includes('nvidia') || (info.DiscoveredDevices ?? []).length > 0,
    cpus: info.NCPU,
    warnings: engineWarnings(info),
    ...(isXfsOverlay(info) && info.DockerRootDir !== undefined ? { layersDir: info.DockerRootDir } : {}),
  }
}

const isXfsOverlay = ({ Driver, DriverStatus }: EngineInfo): boolean =>
  Driver === 'overlay2' && (DriverStatus ?? []).some(([name, value]) => name === 'Backing Filesystem' && value === 'xfs')

/** What keeps an engine from giving containers the walls and the life they should have, each with what to do. */
export function engineWarnings(info: Partial<EngineInfo>, hasIpv6 = existsSync('/proc/sys/net/ipv6')): readonly string[] {
  const hasSeccomp = (info.SecurityOptions ?? []).some((option) => option.startsWith('name=seccomp'))
  const warnings: readonly (readonly [boolean, string])[] = [
    [
      info.LiveRestoreEnabled === false,
      'live-restore is off: a restart of the engine ends every container. Add "live-restore": true to /etc/docker/daemon.json',
    ],
    [info.MemoryLimit === false, 'The kernel gives the engine no memory limits: boot with cgroup_enable=memory'],
    [info.CpuCfsQuota === false, 'The kernel gives the engine no cpu limits (CFS quota)'],
    [info.PidsLimit === false, 'The kernel gives the engine no limit of processes (pids cgroup)'],
    [!hasSeccomp, 'Seccomp is off: containers may make every system call'],
    [
      info.BridgeNfIptables === false,
      'Bridged traffic does not pass iptables: containers of one pool may reach each other. Load br_netfilter and set net.bridge.bridge-nf-call-iptables=1',
    ],
    [
      hasIpv6 && info.BridgeNfIp6tables === false,
      'Bridged IPv6 traffic does not pass ip6tables: containers of one pool may reach each other by link-local addresses. Set net.bridge.bridge-nf-call-ip6tables=1',
    ],
    [
      info.IPv4Forwarding === false,
      'IPv4 forwarding is off: containers with network access unrestricted reach nothing. Set net.ipv4.ip_forward=1',
    ],
    [info.Driver === 'vfs', 'The storage driver is vfs: every container copies its image'],
  ]
  return warnings.flatMap(([isSo, warning]) => (isSo ? [warning] : []))
}
