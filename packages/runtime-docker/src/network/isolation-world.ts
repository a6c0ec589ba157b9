import { copyFile, mkdir, mkdtemp, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'

import { newId, noMetrics, systemClock, type PoolId } from '@boilerhouse/base'

import { createEngine, type Engine } from '../engine.ts'
import { createFirewall, type Firewall } from '../firewall/firewall.ts'
import { runCommand } from '../host/run-command.ts'
import { labels } from '../labels.ts'
import { bridgeNameOf, networkNameOf, type PoolAccess } from './network-name.ts'
import { rootRights } from '../helper/host-rights.ts'
import { createNetworks, type Networks } from './networks.ts'

const never = new AbortController().signal
const applets = ['sh', 'nc', 'httpd', 'sleep', 'ip', 'mkdir', 'cat', 'ping']

/** A world for tests: real networks, real containers that listen and dial, and a namespace that stands for the internet. */
export interface IsolationWorld extends AsyncDisposable {
  readonly engine: Engine
  readonly firewall: Firewall
  readonly networks: Networks
  readonly installation: string
  /** Behind the host by a cable of its own; answers on TCP 9000. */
  readonly internet: string
  /** The same by a link-local address, as a cloud's metadata service has. */
  readonly metadata: string
  /** The host's own address on that cable. */
  readonly outerAddress: string
  newPool(access: PoolAccess): Promise<PoolId>
  /** Listens on TCP 8080; its address, and its port on the host's loopback. */
  listener(poolId: PoolId, access: PoolAccess): Promise<Listener>
  gatewayOf(poolId: PoolId, access: PoolAccess): Promise<string>
  bridgeOf(poolId: PoolId, access: PoolAccess): string
}

export interface Listener {
  readonly id: string
  readonly ip: string
  readonly hostPort: number
  /** True where a TCP connection from inside opens within a second. */
  reaches(ip: string, port: number): Promise<boolean>
  run(script: string): Promise<{ readonly exitCode: number; readonly output: string }>
}

export async function createIsolationWorld(options: { readonly networkCidr?: string } = {}): Promise<IsolationWorld> {
  const installation = crypto.randomUUID().replaceAll('-', '').slice(0, 12)
  const engine = createEngine({ clock: systemClock, metrics: noMetrics })
  const firewall = createFirewall()
  const { networkCidr = '10.213.0.0/16' } = options
  const networks = createNetworks({ engine, firewall, rights: rootRights, installation, networkCidr, allowNetworks: ['bridge'] })
  await using undo = new AsyncDisposableStack()
  undo.defer(() => engine.close())
  const image = await importImage(engine, installation)
  undo.defer(() => engine.docker.getImage(image).remove({ force: true }))
  const internet = await createInternet(installation)
  undo.defer(internet.remove)
  undo.defer(() => removeAll(engine, networks, installation))
  const cleanUp = undo.move()
  const inspectNetwork = (poolId: PoolId, access: PoolAccess) =>
    engine.docker.getNetwork(networkNameOf(installation, poolId, access)).inspect()
  return {
    engine,
    firewall,
    networks,
    installation,
    internet: internet.address,
    metadata: internet.metadata,
    outerAddress: internet.outerAddress,
    async newPool(access) {
      const poolId = newId<'pool'>('pool', systemClock.nowMs())
      const subnet = await networks.chooseSubnet(4, [], never)
      await networks.ensureNetwork({ poolId, access, maxSize: 4, subnet }, never)
      return poolId
    },
    listener: (poolId, access) => createListener(engine, installation, image, networkNameOf(installation, poolId, access)),
    gatewayOf: async (poolId, access) => (await inspectNetwork(poolId, access)).IPAM?.Config?.[0]?.Gateway ?? '',
    bridgeOf: (poolId, access) => bridgeNameOf(installation, poolId, access),
    [Symbol.asyncDispose]: () => cleanUp.disposeAsync(),
  }
}

async function removeAll({ docker }: Engine, networks: Networks, installation: string): Promise<void> {
  const containers = await docker.listContainers({ all: true, filters: { label: [`${labels.installation}=${installation}`] } })
  await Promise.all(containers.map((each) => docker.getContainer(each.Id).remove({ force: true })))
  await Promise.all((await networks.poolIds(never)).map((poolId) => networks.destroyNetwork(poolId, never)))
}

async function createListener(engine: Engine, installation: string, image: string, network: string): Promise<Listener> {
  const { docker } = engine
  const container = await docker.createContainer({
    Image: image,
    Cmd: ['sh', '-c', 'mkdir -p /tmp/www && exec httpd -f -p 8080 -h /tmp/www'],
    Labels: { [labels.installation]: installation },
    ExposedPorts: { '8080/tcp': {} },
    HostConfig: {
      NetworkMode: network,
      Init: true,
      PortBindings: { '8080/tcp': [{ HostIp: '127.0.0.1', HostPort: '' }] },
    },
  })
  await container.start()
  const info = await container.inspect()
  const run: Listener['run'] = async (script) => {
    const exec = await container.exec({ Cmd: ['sh', '-c', script], AttachStdout: true, Tty: true })
    const output = await new Response(Readable.toWeb(await exec.start({ Tty: true })) as ReadableStream<Uint8Array>).text()
    return { exitCode: (await exec.inspect()).ExitCode ?? -1, output }
  }
  return {
    id: container.id,
    ip: Object.values(info.NetworkSettings.Networks)[0]?.IPAddress ?? '',
    hostPort: Number(info.NetworkSettings.Ports['8080/tcp']?.[0]?.HostPort),
    run,
    reaches: async (ip, port) => (await run(`nc -w 1 ${ip} ${port} < /dev/null`)).exitCode === 0,
  }
}

async function importImage(engine: Engine, installation: string): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'bh-image-'))
  try {
    await mkdir(join(directory, 'bin'))
    await mkdir(join(directory, 'tmp'))
    await copyFile('/bin/busybox', join(directory, 'bin/busybox'))
    await Promise.all(applets.map((applet) => symlink('busybox', join(directory, 'bin', applet))))
    const archive = `${directory}.tar`
    await runCommand(['tar', '-C', directory, '-cf', archive, '.'], { signal: never })
    const tag = `bh-test-${installation}:1`
    const stream = await engine.docker.importImage(archive, { repo: tag.split(':')[0], tag: '1' })
    await new Promise((resolve, reject) => stream.on('end', resolve).on('error', reject).resume())
    await rm(archive)
    return tag
  } finally {
    await rm(directory, { recursive: true })
  }
}

/** Behind the host by a cable of its own: reaching it takes forwarding, as reaching the internet would. */
async function createInternet(installation: string) {
  const name = `bh-${installation}`
  const [outer, inner] = [`bi${installation}`.slice(0, 15), `bj${installation}`.slice(0, 15)]
  // Of its own for each world, so that several run at once.
  const [third, fourth] = [Number.parseInt(installation.slice(0, 2), 16), Number.parseInt(installation.slice(2, 4), 16)]
  const [address, outerAddress, metadata] = [`198.18.${third}.2`, `198.18.${third}.1`, `169.254.${third}.${fourth}`]
  const sh = async (line: string) => {
    const result = await runCommand(line.split(' '), { signal: never })
    if (result.exitCode !== 0) throw new Error(`${line}: ${result.stderr}`)
  }
  await sh(`ip netns add ${name}`)
  await sh(`ip link add ${outer} type veth peer name ${inner} netns ${name}`)
  await sh(`ip addr add ${outerAddress}/24 dev ${outer}`)
  await sh(`ip link set ${outer} up`)
  await sh(`ip -n ${name} addr add ${address}/24 dev ${inner}`)
  await sh(`ip -n ${name} addr add ${metadata}/32 dev ${inner}`)
  await sh(`ip -n ${name} link set ${inner} up`)
  await sh(`ip -n ${name} link set lo up`)
  await sh(`ip -n ${name} route add default via ${outerAddress}`)
  await sh(`ip route add ${metadata}/32 via ${address} dev ${outer}`)
  const server = Bun.spawn(['ip', 'netns', 'exec', name, 'busybox', 'httpd', '-f', '-p', '9000', '-h', tmpdir()], {
    stdout: 'ignore',
    stderr: 'ignore',
  })
  return {
    address,
    outerAddress,
    metadata,
    async remove() {
      server.kill('SIGKILL')
      await server.exited
      await sh(`ip netns delete ${name}`)
    },
  }
}
