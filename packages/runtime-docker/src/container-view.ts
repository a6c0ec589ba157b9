import type Docker from 'dockerode'

import type { ContainerId } from '@boilerhouse/base'
import type { ContainerAddress } from '@boilerhouse/resources'
import type { ContainerPhase, RuntimeContainer } from '@boilerhouse/runtime'

import { readLabels } from './labels.ts'
import type { Layout } from './layout.ts'

/** What the engine says about a container, in our words; undefined where it is not ours. */
export function viewOf(installation: string, layout: Layout, info: Docker.ContainerInspectInfo): RuntimeContainer | undefined {
  const ours = readLabels(installation, info.Config.Labels)
  if (!ours) return undefined
  const phase = phaseOf(info.State.Status)
  const hasEnded = phase === 'exited' || phase === 'dead'
  const endpoints = Object.values(info.NetworkSettings.Networks ?? {})
  const address = phase === 'running' || phase === 'paused' ? addressOf(layout, ours.containerId, info) : undefined
  return {
    ...ours,
    phase,
    ...(hasEnded ? { exitCode: info.State.ExitCode, oomKilled: info.State.OOMKilled } : {}),
    ...(address === undefined ? {} : { address }),
    isConnected: info.HostConfig.NetworkMode === 'host' || endpoints.some((endpoint) => endpoint.NetworkID !== ''),
  }
}

function addressOf(layout: Layout, containerId: ContainerId, info: Docker.ContainerInspectInfo): ContainerAddress {
  const isOnHost = info.HostConfig.NetworkMode === 'host'
  const ip = isOnHost ? '127.0.0.1' : Object.values(info.NetworkSettings.Networks ?? {}).find((one) => one.IPAddress)?.IPAddress
  const slot = layout.hostSlot(containerId)
  const hasComm = (info.Mounts ?? []).some((mount) => mount.Source === slot.comm)
  return {
    ...(ip ? { ip } : {}),
    hostPorts: isOnHost ? hostNetworkPorts(info) : publishedPorts(info),
    ...(hasComm ? { socketDir: slot.comm } : {}),
  }
}

function publishedPorts(info: Docker.ContainerInspectInfo): Record<string, number> {
  const ports: Record<string, number> = {}
  for (const [inside, bindings] of Object.entries(info.NetworkSettings.Ports ?? {})) {
    const hostPort = Number(bindings?.[0]?.HostPort)
    if (hostPort > 0) ports[inside.split('/')[0] ?? inside] = hostPort
  }
  return ports
}

const hostNetworkPorts = (info: Docker.ContainerInspectInfo): Record<string, number> =>
  Object.fromEntries(
    Object.keys(info.Config.ExposedPorts ?? {}).map((port) => [port.split('/')[0] ?? port, Number.parseInt(port, 10)]),
  )

function phaseOf(status: string): ContainerPhase {
  if (status === 'running' || status === 'paused' || status === 'created' || status === 'exited') return status
  if (status === 'restarting') return 'running'
  return 'dead'
}
