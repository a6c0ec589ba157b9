import Docker from 'dockerode'
import { createPool } from 'generic-pool'

import { benchImage, webServer } from './bench-image.ts'
import { startingCadence, untilAnswers } from './first-answer.ts'
import { controlLabel } from './raw-engine.ts'

export interface PeerClaim {
  readonly container: Docker.Container
  readonly address: string
}

/** A warm pool as a competent afternoon makes it: dockerode and generic-pool, in memory, and nothing to survive a restart. */
export interface PeerPool {
  claim(tenantId: string, values: PeerValues): Promise<PeerClaim>
  /** Removes the container; the pool starts another. */
  release(claim: PeerClaim): Promise<void>
  fill(signal: AbortSignal): Promise<void>
  close(): Promise<void>
}

export interface PeerValues {
  readonly config: object
  readonly secrets: Readonly<Record<string, string>>
}

export function openPeerPool(socketPath: string, size: number): PeerPool {
  const docker = new Docker({ socketPath })
  const factory = {
    create: () => startOne(docker),
    destroy: async (one: Docker.Container) => void (await one.remove({ force: true, v: true })),
  }
  const pool = createPool(factory, { min: size, max: size })
  pool.on('factoryCreateError', (error: unknown) => process.stderr.write(`peer: ${String(error)}\n`))
  const held = new Set<Docker.Container>()
  const release = async (container: Docker.Container) => {
    held.delete(container)
    await pool.destroy(container)
  }
  return {
    async claim(tenantId, values) {
      const container = await pool.acquire()
      held.add(container)
      await container.putArchive(await tarOf(tenantId, values), { path: '/' })
      return { container, address: hostPortOf(await container.inspect()) }
    },
    release: ({ container }) => release(container),
    async fill(signal) {
      while (pool.available < size) {
        signal.throwIfAborted()
        await Bun.sleep(50)
      }
    },
    async close() {
      const drained = pool.drain()
      await Promise.all([...held].map(release))
      await drained
      await pool.clear()
    },
  }
}

/** Nothing of the walls that ours have but the limits, and a root that can be written to: an archive is refused by a read-only one. */
async function startOne(docker: Docker): Promise<Docker.Container> {
  const container = await docker.createContainer({
    Image: benchImage,
    Cmd: [...webServer],
    Labels: { [controlLabel]: 'peer' },
    ExposedPorts: { '8080/tcp': {} },
    HostConfig: {
      Init: true,
      NanoCpus: 1_000_000_000,
      Memory: 32 * 1_048_576,
      PidsLimit: 32,
      PortBindings: { '8080/tcp': [{ HostIp: '127.0.0.1', HostPort: '' }] },
    },
  })
  await container.start()
  const { NetworkSettings } = await container.inspect()
  await untilAnswers(NetworkSettings.Networks['bridge']?.IPAddress ?? '', startingCadence)
  return container
}

async function tarOf(tenantId: string, { config, secrets }: PeerValues): Promise<Buffer> {
  const files = Object.entries(secrets).map(([name, value]) => [`claim/secrets/${name}`, value] as const)
  const archive = new Bun.Archive({ 'claim/config.json': JSON.stringify({ tenantId, ...config }), ...Object.fromEntries(files) })
  return Buffer.from(await archive.bytes())
}

const hostPortOf = ({ NetworkSettings }: Docker.ContainerInspectInfo): string =>
  `127.0.0.1:${NetworkSettings.Ports['8080/tcp']?.[0]?.HostPort ?? ''}`
