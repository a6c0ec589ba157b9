import { isFault, retry, type Clock } from '@boilerhouse/base'
import type Docker from 'dockerode'

import { unlessStatus } from './engine-containers.ts'
import type { Engine } from './engine.ts'

const timeoutMs = 60_000
/** About 9 s in all: as long as an engine under load takes to finish, or undo, another's create. */
const attempts = { firstMs: 20, maxMs: 1000, attempts: 15 }

/**
 * Makes the container of this name and starts it; one that is there, or runs, is taken as it is. The name is taken before there is a
 * container: a 409 may mean one that another process is just making, or one that the engine undoes after an aborted call. So a start
 * that finds nothing begins again.
 */
export async function createAndStart(
  { engine, clock }: { readonly engine: Engine; readonly clock: Clock },
  options: Docker.ContainerCreateOptions & { readonly name: string },
  signal: AbortSignal,
): Promise<void> {
  const call = (name: string) => ({ name, subject: 'start', signal, timeoutMs }) as const
  const isRetryable = (error: unknown) => isFault(error, 'runtime.container_gone')
  await retry(
    async () => {
      await engine.call(call('container.create'), (docker) => unlessStatus(docker.createContainer(options), 409))
      await engine.call(call('container.start'), (docker) => unlessStatus(docker.getContainer(options.name).start(), 304))
    },
    { ...attempts, clock, signal, isRetryable },
  )
}
