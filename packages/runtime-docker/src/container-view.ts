import { join } from 'node:path'

import type { ContainerId } from '@boilerhouse/base'
import type { ContainerAddress } from '@boilerhouse/resources'
import type { ContainerPhase, RuntimeContainer } from '@boilerhouse/runtime'
import type Docker from 'dockerode'

import { readLabels } from './labels.ts'
import { commVolume, type Layout } from './layout.ts'

/** What the engine's list and its inspect both tell of a container. */
interface EngineView {
  readonly labels: Readonly<Record<string, string>>
  readonly status: string
  readonly networkMode: string
  readonly networks: readonly { readonly NetworkID: string; readonly IPAddress: string }[]
  readonly hostPorts: Readonly<Record<string, number>>
  readonly mountSources: readonly string[]
  readonly exit?: { readonly exitCode: number; readonly oomKilled: boolean }
}

/** Undefined where the container is not ours. */
export function viewOf(installation: string, layout: Layout, info: Docker.ContainerInspectInfo): RuntimeContainer | undefined {
  const { State, HostConfig, NetworkSettings, Config, Mounts } = info
  const networkMode = HostConfig.NetworkMode ?? ''
  return toContainer(installation, layout, {
    labels: Config.Labels,
    status: State.Status,
    networkMode,
    networks: Object.values(NetworkSettings.Networks ?? {}),
    hostPorts: networkMode === 'host' ? exposedPorts(info) : publishedPorts(info),
    mountSources: (Mounts ?? []).map((mount) => mount.Source),
    exit: { exitCode: State.ExitCode, oomKilled: State.OOMKilled },
  })
}

/** One call tells of all that run; what it leaves out (exit codes, a host network's ports) needs an inspect: `undefined`. */
export function summaryOf(installation: string, layout: Layout, info: Docker.ContainerInfo): RuntimeContainer | undefined {
  const networkMode = info.HostConfig.NetworkMode
  if ((info.State !== 'running' && info.State !== 'paused') || networkMode === 'host') return undefined
  return toContainer(installation, layout, {
    labels: info.Labels,
    status: info.State,
    networkMode,
    networks: Object.values(info.NetworkSettings?.Networks ?? {}),
    hostPorts: Object.fromEntries(
      info.Ports.flatMap((port) => (port.PublicPort > 0 ? [[String(port.PrivatePort), port.PublicPort] as const] : [])),
    ),
    mountSources: (info.Mounts ?? []).map((mount) => mount.Source),
  })
}

function toContainer(installation: string, layout: Layout, view: EngineView): RuntimeContainer | undefined {
  const ours = readLabels(installation, view.labels)
  if (!ours) return undefined
  const phase = phaseOf(view.status)
  const hasEnded = phase === 'exited' || phase === 'dead'
  return {
    ...ours,
    phase,
    ...(hasEnded ? view.exit : {}),
    ...(phase === 'running' || phase === 'paused' ? { address: addressOf(layout, ours.containerId, view) } : {}),
    isConnected: view.networkMode === 'host' || view.networks.some((network) => network.NetworkID !== ''),
  }
}

function addressOf(layout: Layout, containerId: ContainerId, view: EngineView): ContainerAddress {
  const ip = view.networkMode === 'host' ? '127.0.0.1' : view.networks.find((network) => network.IPAddress !== '')?.IPAddress
  const comm = join(layout.hostVolumes(containerId), commVolume)
  return {
    ...(ip ? { ip } : {}),
    hostPorts: view.hostPorts,
    ...(view.mountSources.includes(comm) ? { socketDir: comm } : {}),
  }
}

function publishedPorts(info: Docker.ContainerInspectInfo): Record<string, number> {
  const ports: Record<string, number> = {}
  for (const [inside, bindings] of Object.entries(info.NetworkSettings.Ports ?? {})) {
    const hostPort = Number(bindings?.[0]?.HostPort)
    if (hostPort > 0) ports[String(Number.parseInt(inside, 10))] = hostPort
  }
  return ports
}

const exposedPorts = (info: Docker.ContainerInspectInfo): Record<string, number> =>
  Object.fromEntries(
    Object.keys(info.Config.ExposedPorts ?? {}).map((port) => [String(Number.parseInt(port, 10)), Number.parseInt(port, 10)]),
  )

function phaseOf(status: string): ContainerPhase {
  if (status === 'running' || status === 'paused' || status === 'created' || status === 'exited') return status
  return status === 'restarting' ? 'running' : 'dead'
}
