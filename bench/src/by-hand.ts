import { startingCadence, untilAnswers } from './first-answer.ts'
import type { RawEngine } from './raw-engine.ts'

/** What the engine is handed to make a container. */
export type CreateOptions = Readonly<Record<string, unknown>>

/**
 * The options of a container like that one, to make another by hand: its image, user, limits, walls, network and published port. Our
 * two mounts are left out, for whoever does without us does without them.
 */
export async function likenessOf(engine: RawEngine, containerId: string, command: readonly string[]): Promise<CreateOptions> {
  const [known] = await engine.labelled(`io.boilerhouse.container=${containerId}`)
  if (known === undefined) throw new Error(`The engine has no container ${containerId}`)
  const { Config, HostConfig } = await engine.describe(known)
  const { Image, User, ExposedPorts, Healthcheck } = Config
  const { Mounts: _mounts, Binds: _binds, ContainerIDFile: _file, ...walls } = HostConfig
  return { Image, User, ExposedPorts, Healthcheck, Cmd: command, HostConfig: walls }
}

/** Create, start, the inspect that tells the address, and the probe until it passes. Returns the engine's id. */
export async function startByHand(engine: RawEngine, likeness: CreateOptions): Promise<string> {
  const id = await engine.createFrom(likeness)
  await engine.start(id)
  await untilAnswers(await addressOf(engine, id), startingCadence)
  return id
}

export async function addressOf(engine: RawEngine, id: string): Promise<string> {
  const { NetworkSettings } = await engine.describe(id)
  const address = Object.values(NetworkSettings.Networks).find(({ IPAddress }) => IPAddress !== '')?.IPAddress
  if (address === undefined) throw new Error(`The container ${id} has no address`)
  return address
}
