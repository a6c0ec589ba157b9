import { createHash } from 'node:crypto'

import { KeyLock, type Clock, type ContainerId } from '@boilerhouse/base'
import type Docker from 'dockerode'

import { createAndStart } from '../create-and-start.ts'
import { unlessStatus } from '../engine-containers.ts'
import type { Engine } from '../engine.ts'
import { createExec } from '../exec.ts'
import type { RunCommand } from '../host/run-command.ts'
import { labels } from '../labels.ts'
import type { HelperImage, HelperImages } from './helper-image.ts'

export interface HelperDeps {
  readonly engine: Engine
  readonly installation: string
  readonly images: HelperImages
  readonly clock: Clock
}

/** What a helper may do beyond nothing. */
export type HelperPowers = Pick<Docker.HostConfig, 'CapAdd' | 'CpuShares' | 'NetworkMode' | 'Mounts' | 'ReadonlyPaths'>

/** One long-lived container of ours that does what the server's user may not; made when it is first used, and again where it went away. */
export interface HelperContainer {
  readonly run: RunCommand
}

const megabyte = 1024 * 1024
const outputBytes = 8 * megabyte
const timeoutMs = 30_000

export function createHelperContainer(
  deps: HelperDeps,
  name: string,
  powersOf: (image: HelperImage) => HelperPowers,
): HelperContainer {
  const { engine, installation, images, clock } = deps
  const lock = new KeyLock<'start'>()
  const engineName = helperName(installation, name)
  const inspect = (signal: AbortSignal) =>
    engine.call({ name: 'container.inspect', subject: 'container', signal }, (docker) =>
      unlessStatus(docker.getContainer(engineName).inspect(), 404),
    )
  const start = async (signal: AbortSignal) => {
    const image = await images.ensure(signal)
    const command = ['/bin/busybox', 'sleep', '2147483647']
    const options = helperOptions(deps, { name, image, command, powers: powersOf(image) })
    const found = await inspect(signal)
    if (found && found.Config.Labels[labels.helper] !== options.Labels?.[labels.helper]) await remove(engine, found.Id, signal)
    await createAndStart(deps, options, signal)
    return inspect(signal)
  }
  const running = (signal: AbortSignal) =>
    lock.run('start', async () => {
      const found = await inspect(signal)
      return found?.State.Running === true ? found : start(signal)
    })
  const exec = createExec({ engine, clock, busybox: '/bin/busybox', inspect: (_, signal) => running(signal) })
  return {
    async run(argv, { signal, stdin }) {
      const input = stdin === undefined ? {} : { stdin: Buffer.from(stdin) }
      const request = { command: argv, timeoutMs, maxOutputBytes: outputBytes, ...input }
      const { exitCode, stdout, stderr } = await exec(engineName as ContainerId, request, signal)
      return { exitCode, stdout: Buffer.from(stdout).toString(), stderr: Buffer.from(stderr).toString() }
    },
  }
}

export const helperName = (installation: string, name: string): string => `bh-${installation}-${name}`

/** Without any power but those given; its root is nobody's but ours. */
export function helperOptions(
  { installation }: Pick<HelperDeps, 'installation'>,
  input: {
    readonly name: string
    readonly image: HelperImage
    readonly command: readonly string[]
    readonly powers: HelperPowers
  },
): Docker.ContainerCreateOptions & { readonly name: string } {
  const { name, image, command, powers } = input
  const options = {
    name: helperName(installation, name),
    Image: image.reference,
    User: '0',
    Env: [...image.environment],
    Entrypoint: [...command],
    HostConfig: {
      ReadonlyRootfs: true,
      CapDrop: ['ALL'],
      SecurityOpt: ['no-new-privileges:true'],
      Memory: 128 * megabyte,
      MemorySwap: 128 * megabyte,
      PidsLimit: 64,
      LogConfig: { Type: 'json-file', Config: { 'max-size': '1m', 'max-file': '1' } },
      // Where the engine remaps users, the helper's root has to be the host's.
      UsernsMode: 'host',
      NetworkMode: 'none',
      ...powers,
    },
  }
  const content = createHash('sha256').update(JSON.stringify(options)).digest('hex').slice(0, 12)
  return { ...options, Labels: { [labels.installation]: installation, [labels.helper]: `${name}-${content}` } }
}

export async function remove(engine: Engine, engineId: string, signal: AbortSignal): Promise<void> {
  await engine.call({ name: 'container.remove', subject: 'container', signal }, (docker) =>
    unlessStatus(docker.getContainer(engineId).remove({ force: true, v: true }), 404, 409),
  )
}

/** Every helper of this installation: they are made again where they are needed. */
export async function removeHelpers({ engine, installation, images }: HelperDeps, signal: AbortSignal): Promise<void> {
  const filters = { label: [`${labels.installation}=${installation}`, labels.helper] }
  const found = await engine.call({ name: 'container.list', subject: 'engine', signal }, (docker) =>
    docker.listContainers({ all: true, filters }),
  )
  await Promise.all(found.map(({ Id }) => remove(engine, Id, signal)))
  await images.remove(signal)
}
