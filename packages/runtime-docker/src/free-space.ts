import { statfs } from 'node:fs/promises'
import { dirname } from 'node:path'

import type { Runtime } from '@boilerhouse/runtime'

import type { Engine } from './engine.ts'

const megabyte = 1024 * 1024

/** Free space where volumes lie and where the engine keeps images, in MB: the smaller one. */
export function createFreeMb(deps: { readonly engine: Engine; readonly dataDir: string }): Runtime['freeMb'] {
  let engineDir: string | undefined
  return async (signal) => {
    signal.throwIfAborted()
    engineDir ??= await readEngineDir(deps.engine, signal)
    return Math.min(...(await Promise.all([deps.dataDir, engineDir].map(freeMbAt))))
  }
}

async function readEngineDir(engine: Engine, signal: AbortSignal): Promise<string> {
  const info = (await engine.call({ name: 'info', subject: 'engine', signal }, (docker) => docker.info())) as {
    readonly DockerRootDir: string
  }
  return info.DockerRootDir
}

/** The engine's directory is closed to other users than root; what it lies in is on the same disk but in odd set-ups. */
async function freeMbAt(directory: string): Promise<number> {
  try {
    const { bavail, bsize } = await statfs(directory)
    return Math.floor((bavail * bsize) / megabyte)
  } catch (error) {
    const parent = dirname(directory)
    if (parent === directory) throw error
    return freeMbAt(parent)
  }
}
