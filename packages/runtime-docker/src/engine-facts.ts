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

interface EngineInfo {
  readonly ServerVersion: string
  readonly OperatingSystem: string
  readonly KernelVersion: string
  readonly LiveRestoreEnabled: boolean
  readonly Runtimes?: Readonly<Record<string, unknown>>
  readonly DiscoveredDevices?: readonly unknown[] | null
  readonly SecurityOptions?: readonly string[]
  readonly PidsLimit?: boolean
  readonly MemoryLimit?: boolean
  readonly CpuCfsQuota?: boolean
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

export function factsOf(info: EngineInfo): EngineFacts {
  const ociRuntimes = Object.keys(info.Runtimes ?? {})
  return {
    version: info.ServerVersion,
    ociRuntimes,
    hasGpus: ociRuntimes.includes('nvidia') || (info.DiscoveredDevices ?? []).length > 0,
    warnings: [
      ...(info.LiveRestoreEnabled ? [] : ['live-restore is off: containers end when the engine restarts']),
      ...(info.PidsLimit === false ? ['the kernel does not limit pids'] : []),
      ...(info.MemoryLimit === false ? ['the kernel does not limit memory'] : []),
      ...(info.CpuCfsQuota === false ? ['the kernel does not limit cpu'] : []),
      ...((info.SecurityOptions ?? []).some((option) => option.includes('seccomp')) ? [] : ['seccomp is off']),
    ],
  }
}
