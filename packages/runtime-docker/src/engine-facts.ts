import { release } from 'node:os'

import { Fault } from '@boilerhouse/base'

import { engineWarnings, type EngineInfo } from './engine-warnings.ts'
import { desktopFault, type Engine } from './engine.ts'

/** What the engine says about itself; read at the start and each time it answers again. */
export interface EngineFacts {
  readonly version: string
  readonly ociRuntimes: readonly string[]
  readonly hasGpus: boolean
  readonly warnings: readonly string[]
}

interface Info extends EngineInfo {
  readonly ServerVersion: string
  readonly OperatingSystem: string
  readonly KernelVersion: string
  readonly Runtimes?: Readonly<Record<string, unknown>>
  readonly DiscoveredDevices?: readonly unknown[] | null
}

/** Throws `setting.invalid` where the engine runs in another machine than this process: its files and addresses are not ours. */
export async function readEngineFacts(engine: Engine, signal: AbortSignal): Promise<EngineFacts> {
  const call = { name: 'info', subject: 'engine', signal } as const
  const info = (await engine.call(call, (docker) => docker.info())) as Info
  if (info.OperatingSystem.includes('Docker Desktop')) throw desktopFault(engine.socketPath)
  if (info.KernelVersion !== release()) {
    throw new Fault('setting.invalid', `Cannot use the engine at ${engine.socketPath}: it runs on another host`, {
      remedy: "Run the server on the engine's own host.",
    })
  }
  return factsOf(info)
}

function factsOf(info: Info): EngineFacts {
  const ociRuntimes = Object.keys(info.Runtimes ?? {})
  return {
    version: info.ServerVersion,
    ociRuntimes,
    hasGpus: ociRuntimes.includes('nvidia') || (info.DiscoveredDevices ?? []).length > 0,
    warnings: engineWarnings(info),
  }
}
