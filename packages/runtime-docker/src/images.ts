import type Docker from 'dockerode'

import type { ImageFacts } from '@boilerhouse/runtime'

import type { Engine } from './engine.ts'

export interface Images {
  /** `runtime.image_not_found` where it is not on the host. */
  inspect(image: string, signal: AbortSignal): Promise<ImageFacts>
}

export const createImages = (engine: Engine, _installation: string): Images => ({
  async inspect(image, signal) {
    const call = { name: 'image.inspect', subject: 'image', signal } as const
    return factsOf(await engine.call(call, (docker) => docker.getImage(image).inspect()))
  },
})

export function factsOf(info: Docker.ImageInspectInfo): ImageFacts {
  const { Entrypoint, Cmd, WorkingDir, Env, ExposedPorts, User } = info.Config
  return {
    imageId: info.Id,
    entrypoint: typeof Entrypoint === 'string' ? [Entrypoint] : (Entrypoint ?? []),
    command: Cmd ?? [],
    workingDir: WorkingDir || '/',
    environment: Object.fromEntries((Env ?? []).map(splitVariable)),
    exposedPorts: Object.keys(ExposedPorts ?? {}).map((port) => Number.parseInt(port, 10)),
    user: User,
  }
}

function splitVariable(variable: string): [string, string] {
  const at = variable.indexOf('=')
  return at < 0 ? [variable, ''] : [variable.slice(0, at), variable.slice(at + 1)]
}
