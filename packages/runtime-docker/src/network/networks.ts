import { Fault, invariant, KeyLock, type PoolId } from '@boilerhouse/base'
import type { ContainerSpec, NetworkSpec, Runtime } from '@boilerhouse/runtime'
import type Docker from 'dockerode'

import { isStatus } from '../engine-fault.ts'
import type { Engine } from '../engine.ts'
import type { Firewall } from '../firewall/firewall.ts'
import type { HostRights } from '../helper/host-rights.ts'
import { labelFilter, labels } from '../labels.ts'
import { formatAddress, formatCidr, parseCidr } from './cidr.ts'
import { readHostRoutes } from './host-routes.ts'
import { accessOf, bridgeNameOf, networkNameOf, type PoolAccess } from './network-name.ts'
import { allocateSubnet } from './subnet-allocation.ts'

export interface NetworksDeps {
  readonly engine: Engine
  readonly rights: Pick<HostRights, 'writeSetting' | 'remove'>
  readonly firewall: Firewall
  readonly installation: string
  /** BOILERHOUSE_NETWORK_CIDR: pools' subnets are cut from it. */
  readonly networkCidr: string
  /** BOILERHOUSE_ALLOW_NETWORKS: `host` and names of networks that are not ours. */
  readonly allowNetworks: readonly string[]
}

export interface Networks extends Pick<Runtime, 'ensureNetwork' | 'destroyNetwork' | 'chooseSubnet'> {
  /** The engine's name of the network that this spec's container joins. `workload.network_not_allowed`. */
  networkOf(spec: Pick<ContainerSpec, 'poolId' | 'workload' | 'networkSize'>): string
  /** Pools that have a network of this installation. */
  poolIds(signal: AbortSignal): Promise<readonly PoolId[]>
  /** Takes what was made for networks away where none is left. */
  close(): Promise<void>
}

const subnetAttempts = 5
const closeMs = 5000

export function createNetworks(deps: NetworksDeps): Networks {
  const { engine, firewall, installation } = deps
  const locks = new KeyLock<PoolId>()
  const subnetLock = new KeyLock<'subnet'>()
  const ours = (signal: AbortSignal, poolId?: PoolId) => listOurs(deps, signal, poolId)
  const removeAll = async (networks: readonly Docker.NetworkInspectInfo[], signal: AbortSignal) => {
    await Promise.all(networks.map((network) => removeNetwork(engine, network, signal)))
    await firewall.remove(signal)
    await removeRights(deps, signal)
  }
  const chooseSubnet: Runtime['chooseSubnet'] = async (maxSize, taken, signal) => {
    const range = parseCidr(deps.networkCidr)
    invariant(range, `BOILERHOUSE_NETWORK_CIDR is an IPv4 network, got ${deps.networkCidr}`)
    const [routes, engineSubnets] = await Promise.all([readHostRoutes(signal), listSubnets(engine, signal)])
    // A wider route than ours (a VPN's 10.0.0.0/8) is refused too: addresses behind it would be cut off from the host.
    const occupied = [...routes, ...[...engineSubnets, ...taken].flatMap((each) => parseCidr(each) ?? [])]
    const subnet = allocateSubnet(range, maxSize, occupied)
    if (subnet) return formatCidr(subnet)
    throw new Fault('pool.network_exhausted', `No subnet for ${maxSize} containers is left in ${deps.networkCidr}`)
  }
  /** The subnet is a wish: where someone else has it by now (or the pool's former network still does), another one does as well. */
  const createAnywhere = async (spec: NetworkSpec, access: PoolAccess, isWishFree: boolean, signal: AbortSignal) => {
    if (isWishFree && (await createNetwork(deps, spec, access, signal)) === 'created') return
    const isCreated = await subnetLock.run('subnet', async () => {
      const taken = [spec.subnet]
      for (let attempt = 0; attempt < subnetAttempts; attempt++) {
        const subnet = await chooseSubnet(spec.maxSize, taken, signal)
        if ((await createNetwork(deps, { ...spec, subnet }, access, signal)) === 'created') return true
        taken.push(subnet)
      }
      return false
    })
    if (!isCreated) throw new Fault('runtime.network_failed', `Every subnet tried for pool ${spec.poolId} was taken meanwhile`)
  }
  return {
    chooseSubnet,
    networkOf: ({ poolId, workload, networkSize }) => {
      const access = accessOf(workload)
      return isOurs(access) ? networkNameOf(installation, poolId, access, networkSize) : requireAllowed(deps, access)
    },
    poolIds: async (signal) => {
      const pools = (await ours(signal)).flatMap((network) => (network.Labels?.[labels.pool] ?? []) as PoolId[] | PoolId)
      return [...new Set(pools)]
    },
    ensureNetwork: (spec, signal) =>
      locks.run(spec.poolId, async () => {
        const { access } = spec
        if (!isOurs(access)) return requireForeign(deps, access, signal)
        // Walls before the bridge, so that it never stands open, and after it, since the engine writes its rules before ours.
        await firewall.ensure(signal)
        const networks = await ours(signal, spec.poolId)
        const name = networkNameOf(installation, spec.poolId, access, spec.maxSize)
        const former = networks.filter((network) => network.Name !== name)
        const isThere = networks.length > former.length
        await removeUnused(engine, former, signal)
        if (isThere) return
        await createAnywhere(spec, access, !former.some((network) => hasSubnet(network, spec.subnet)), signal)
        await firewall.ensure(signal)
      }),
    // An engine that does not answer keeps no server from ending; the next close does it.
    close: () => removeRights(deps, AbortSignal.timeout(closeMs)).catch(() => undefined),
    destroyNetwork: (poolId, signal) => locks.run(poolId, async () => removeAll(await ours(signal, poolId), signal)),
  }
}

const hasSubnet = ({ IPAM }: Docker.NetworkInspectInfo, subnet: string): boolean =>
  IPAM?.Config?.some((config) => config.Subnet === subnet) ?? false

async function createNetwork(
  deps: NetworksDeps,
  spec: NetworkSpec,
  access: PoolAccess,
  signal: AbortSignal,
): Promise<'created' | 'overlaps'> {
  const { engine, installation } = deps
  const subnet = parseCidr(spec.subnet)
  if (!subnet) throw new Fault('runtime.network_failed', `Not a subnet: ${spec.subnet}`)
  const bridge = bridgeNameOf(installation, spec.poolId, access, spec.maxSize)
  const options: Docker.NetworkCreateOptions = {
    Name: networkNameOf(installation, spec.poolId, access, spec.maxSize),
    CheckDuplicate: true,
    Driver: 'bridge',
    EnableIPv6: false,
    IPAM: { Driver: 'default', Config: [{ Subnet: spec.subnet, Gateway: formatAddress(subnet.base + 1) }] },
    Options: {
      'com.docker.network.bridge.name': bridge,
      'com.docker.network.bridge.enable_icc': 'false',
      'com.docker.network.bridge.host_binding_ipv4': '127.0.0.1',
      'com.docker.network.bridge.enable_ip_masquerade': String(access === 'unrestricted'),
    },
    Labels: { [labels.installation]: installation, [labels.pool]: spec.poolId },
  }
  try {
    await engine.call({ name: 'network.create', subject: 'network', signal }, (docker) => docker.createNetwork(options))
  } catch (error) {
    if (error instanceof Fault && /overlaps/i.test(error.message)) return 'overlaps'
    // Another process of ours was first.
    if (!(error instanceof Fault && isStatus(error.cause, 409))) throw error
  }
  // Only a wish: without IPv6 in the kernel the file is missing, and ip6tables drops what would pass.
  await deps.rights.writeSetting(`/proc/sys/net/ipv6/conf/${bridge}/disable_ipv6`, '1', signal).catch(() => undefined)
  return 'created'
}

async function listOurs(
  { engine, installation }: NetworksDeps,
  signal: AbortSignal,
  poolId?: PoolId,
): Promise<readonly Docker.NetworkInspectInfo[]> {
  const { label } = labelFilter(installation)
  const filters = { label: poolId === undefined ? label : [...label, `${labels.pool}=${poolId}`] }
  return engine.call({ name: 'network.list', subject: 'engine', signal }, (docker) => docker.listNetworks({ filters }))
}

async function removeRights(deps: NetworksDeps, signal: AbortSignal): Promise<void> {
  if ((await listOurs(deps, signal)).length === 0) await deps.rights.remove(signal)
}

async function listSubnets(engine: Engine, signal: AbortSignal): Promise<readonly string[]> {
  const networks = await engine.call({ name: 'network.list', subject: 'engine', signal }, (docker) => docker.listNetworks())
  return networks.flatMap((network) => network.IPAM?.Config ?? []).flatMap((config) => config.Subnet ?? [])
}

/** A network of the former access still carries containers until the pool has rolled: those that do are left. */
async function removeUnused(engine: Engine, networks: readonly Docker.NetworkInspectInfo[], signal: AbortSignal): Promise<void> {
  const remove = async (network: Docker.NetworkInspectInfo) => {
    try {
      await removeIfThere(engine, network.Id, signal)
    } catch (error) {
      if (!(error instanceof Fault && isStatus(error.cause, 403))) throw error
    }
  }
  await Promise.all(networks.map(remove))
}

/** Containers still on it are taken off: the pool's end is decided, and nobody may keep it by lingering. */
async function removeNetwork(engine: Engine, network: Docker.NetworkInspectInfo, signal: AbortSignal): Promise<void> {
  try {
    await removeIfThere(engine, network.Id, signal)
  } catch (error) {
    if (!(error instanceof Fault && isStatus(error.cause, 403))) throw error
    const { Containers = {} } = await engine.call({ name: 'network.inspect', subject: 'network', signal }, (docker) =>
      docker.getNetwork(network.Id).inspect(),
    )
    const detach = (Container: string) =>
      engine.call({ name: 'network.disconnect', subject: 'network', signal }, (docker) =>
        docker.getNetwork(network.Id).disconnect({ Container, Force: true }),
      )
    await Promise.all(Object.keys(Containers).map(detach))
    await removeUnlessMiscounted(engine, network, signal)
  }
}

/**
 * Many starts at once make Docker count more endpoints than a network has (moby's endpoint_cnt), and then it keeps the network until
 * its own next start. Nobody is on it: no pool waits for that. A pool of the same name uses it again, the doctor names it.
 */
async function removeUnlessMiscounted(engine: Engine, network: Docker.NetworkInspectInfo, signal: AbortSignal): Promise<void> {
  try {
    await removeIfThere(engine, network.Id, signal)
  } catch (error) {
    if (!(error instanceof Fault && isStatus(error.cause, 403))) throw error
    const { Containers = {} } = await engine.call({ name: 'network.inspect', subject: 'network', signal }, (docker) =>
      docker.getNetwork(network.Id).inspect(),
    )
    if (Object.keys(Containers).length > 0) throw error
  }
}

async function removeIfThere(engine: Engine, id: string, signal: AbortSignal): Promise<void> {
  try {
    await engine.call({ name: 'network.remove', subject: 'network', signal }, (docker) => docker.getNetwork(id).remove())
  } catch (error) {
    if (!(error instanceof Fault && isStatus(error.cause, 404))) throw error
  }
}

const isOurs = (access: NetworkSpec['access']): access is PoolAccess => access === 'none' || access === 'unrestricted'

type ForeignAccess = Exclude<NetworkSpec['access'], PoolAccess>

function requireAllowed({ allowNetworks }: NetworksDeps, access: ForeignAccess): string {
  const name = access === 'host' ? 'host' : access.named
  if (!allowNetworks.includes(name)) throw new Fault('workload.network_not_allowed', `The network ${name} is not allowed`)
  return name
}

async function requireForeign(deps: NetworksDeps, access: ForeignAccess, signal: AbortSignal): Promise<void> {
  const name = requireAllowed(deps, access)
  await deps.engine.call({ name: 'network.inspect', subject: 'network', signal }, (docker) => docker.getNetwork(name).inspect())
}
