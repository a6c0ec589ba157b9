import type Docker from 'dockerode'

import type { ContainerSpec, ImageFacts } from '@boilerhouse/runtime'

import { engineNameOf, labelsOf } from './labels.ts'
import { commVolume, customVolume, stateVolume, type Layout } from './layout.ts'
import { parkedEntrypoint } from './park-script.ts'

export interface CreateInput {
  readonly installation: string
  readonly layout: Layout
  readonly spec: ContainerSpec
  readonly image: ImageFacts
  /** Name of the pool's network, `host`, or a network the operator allowed. */
  readonly network: string
  /** The engine can hold the writable layer to a size. */
  readonly hasLayerQuota?: boolean
}

const megabyte = 1024 * 1024
const nanosPerCpu = 1_000_000_000
/** What lies on a tmpfs counts as the container's memory: full ones have to meet their own limit first, not the OOM killer. */
const tmpfsMb = ({ workload }: ContainerSpec): number => Math.max(1, Math.min(64, Math.floor(workload.resources.memoryMb / 4)))

/** All hardening of design §2.6. No value of a tenant is known here, so none can show in `docker inspect`. */
export function createOptions(input: CreateInput): Docker.ContainerCreateOptions & { readonly name: string } {
  const { installation, spec, image } = input
  const { workload } = spec
  return {
    name: engineNameOf(installation, spec.containerId),
    Image: spec.imageId,
    Hostname: hostnameOf(input),
    User: String(workload.security.runAsUser),
    Env: Object.entries(spec.environment).map(([name, value]) => `${name}=${value}`),
    ...startedBy(spec, image),
    ...(workload.workingDir === undefined ? {} : { WorkingDir: workload.workingDir }),
    Labels: labelsOf(installation, spec),
    AttachStdin: false,
    AttachStdout: false,
    AttachStderr: false,
    OpenStdin: false,
    Tty: false,
    // The image's own health check would run beside ours and fill the event stream.
    Healthcheck: { Test: ['NONE'] },
    ExposedPorts: Object.fromEntries(workload.ports.map((port) => [`${port.containerPort}/tcp`, {}])),
    HostConfig: hostConfig(input),
  }
}

/** The engine takes 64 characters at most, and none with the host's own network. */
const hostnameOf = ({ spec, network }: CreateInput): string => (network === 'host' ? '' : spec.containerId)

function hostConfig(input: CreateInput): Docker.HostConfig {
  const { spec, network } = input
  const { workload } = spec
  const { resources, security } = workload
  const memory = resources.memoryMb * megabyte
  return {
    ReadonlyRootfs: security.readOnlyRootFilesystem,
    CapDrop: ['ALL'],
    CapAdd: [...security.capabilities],
    SecurityOpt: ['no-new-privileges:true'],
    Privileged: false,
    Init: security.init,
    ...(security.runtime === undefined ? {} : { Runtime: security.runtime }),
    NanoCpus: Math.round(resources.cpus * nanosPerCpu),
    Memory: memory,
    MemorySwap: memory,
    PidsLimit: resources.pids,
    ShmSize: tmpfsMb(spec) * megabyte,
    Tmpfs: {
      '/tmp': `rw,nosuid,nodev,mode=1777,size=${tmpfsMb(spec)}m`,
      '/run': `rw,nosuid,nodev,mode=0755,uid=${security.runAsUser},size=${Math.min(16, tmpfsMb(spec))}m`,
    },
    ...(input.hasLayerQuota ? { StorageOpt: { size: `${resources.diskMb}M` } } : {}),
    LogConfig: { Type: 'json-file', Config: { 'max-size': '10m', 'max-file': '3' } },
    RestartPolicy: { Name: 'no' },
    AutoRemove: false,
    NetworkMode: network,
    PortBindings: network === 'host' ? {} : portBindings(spec),
    Mounts: mounts(input),
    ...(spec.dns === undefined ? {} : { Dns: [...spec.dns] }),
    ...(resources.gpus === undefined
      ? {}
      : { DeviceRequests: [{ Driver: '', Count: resources.gpus, Capabilities: [['gpu']], Options: {} }] }),
    IpcMode: 'private',
    UsernsMode: '',
  }
}

/** On loopback, at a port the engine chooses: nobody outside the host reaches it, and no two containers collide. */
const portBindings = (spec: ContainerSpec): Record<string, { HostIp: string; HostPort: string }[]> =>
  Object.fromEntries(spec.workload.ports.map((port) => [`${port.containerPort}/tcp`, [{ HostIp: '127.0.0.1', HostPort: '' }]]))

function startedBy(spec: ContainerSpec, image: ImageFacts): Pick<Docker.ContainerCreateOptions, 'Entrypoint' | 'Cmd'> {
  const { entrypoint, command, warmth } = spec.workload
  if (warmth === 'parked') return { Entrypoint: [...parkedEntrypoint], Cmd: programOf(spec, image) }
  return {
    ...(entrypoint === undefined ? {} : { Entrypoint: [...entrypoint] }),
    ...(command === undefined ? {} : { Cmd: [...command] }),
  }
}

/** As the engine itself puts them together: an entrypoint of the workload drops the image's CMD. */
function programOf({ workload }: ContainerSpec, image: ImageFacts): string[] {
  const entrypoint = workload.entrypoint ?? image.entrypoint
  const command = workload.command ?? (workload.entrypoint === undefined ? image.command : [])
  return [...entrypoint, ...command]
}

/** `Mounts` and not `Binds`: a source that is missing fails the start, it is not made by the engine as root. */
function mounts({ layout, spec }: CreateInput): Docker.MountConfig {
  const slot = layout.hostSlot(spec.containerId)
  const own = layout.hostVolumes(spec.containerId)
  const { state, secrets, comm, custom = [] } = spec.workload.volumes
  const bind = (source: string, target: string, mode: 'rw' | 'ro'): Docker.MountSettings => ({
    Type: 'bind',
    Source: source,
    Target: target,
    ReadOnly: mode === 'ro',
    BindOptions: { Propagation: 'rprivate' },
  })
  return [
    bind(slot.box, '/boilerhouse', 'ro'),
    bind(layout.hostBinDir, '/boilerhouse/bin', 'ro'),
    // Secrets are written by the server alone, whatever mode the workload asks for.
    ...(secrets ? [bind(slot.secrets, secrets.containerPath, 'ro')] : []),
    ...(comm ? [bind(`${own}/${commVolume}`, comm.containerPath, comm.mode)] : []),
    ...(state ? [bind(`${own}/${stateVolume}`, state.containerPath, state.mode)] : []),
    ...custom.map((volume) => bind(`${own}/${customVolume(volume.name)}`, volume.containerPath, volume.mode)),
  ]
}
