import { release } from 'node:os'

import { Fault } from '@boilerhouse/base'

import { desktopFault, type Engine } from './engine.ts'

/** What the engine says about itself; read at the start and each time it answers again. */
export interface EngineFacts {
  readonly version: string
  readonly ociRuntimes: readonly string[]
  readonly hasGpus: boolean
  readonly warnings: readonly string[]
}

/** What `/info` tells that matters here. */
interface EngineInfo {
  readonly ServerVersion: string
  readonly OperatingSystem: string
  readonly KernelVersion: string
  readonly Runtimes?: Readonly<Record<string, unknown>>
  readonly DiscoveredDevices?: readonly unknown[] | null
  readonly LiveRestoreEnabled?: boolean
  readonly MemoryLimit?: boolean
  readonly CpuCfsQuota?: boolean
  readonly PidsLimit?: boolean
  readonly SecurityOptions?: readonly string[]
  readonly Driver?: string
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
    warnings: engineWarnings(info),
  }
}

/** What keeps an engine from giving containers the walls and the life they should have, each with what to do. */
export function engineWarnings(info: Partial<EngineInfo>): readonly string[] {
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
    [info.Driver === 'vfs', 'The storage driver is vfs: every container copies its image'],
  ]
  return warnings.flatMap(([isSo, warning]) => (isSo ? [warning] : []))
}
