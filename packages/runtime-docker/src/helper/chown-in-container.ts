import { createHash } from 'node:crypto'

import { unlessStatus } from '../engine-containers.ts'
import { helperName, helperOptions, remove, type HelperDeps } from './helper-container.ts'

const timeoutMs = 600_000

/**
 * A container for one directory and one command: whatever lies in there, a link among it, leads nowhere else. Throws with what the
 * command said.
 */
export async function chownInContainer(deps: HelperDeps, hostDirectory: string, uid: number, signal: AbortSignal): Promise<void> {
  const { engine, images, installation } = deps
  const name = `chown-${createHash('sha256').update(hostDirectory).digest('hex').slice(0, 12)}`
  const engineName = helperName(installation, name)
  const options = helperOptions(deps, {
    name,
    image: await images.ensure(signal),
    command: ['/bin/busybox', 'chown', '-hR', `${uid}`, '/volume'],
    powers: {
      CapAdd: ['CHOWN', 'DAC_READ_SEARCH'],
      Mounts: [{ Type: 'bind', Source: hostDirectory, Target: '/volume', BindOptions: { Propagation: 'rprivate' } }],
    },
  })
  const call = (what: string) => ({ name: what, subject: 'start', signal, timeoutMs }) as const
  // One that a crash left: its work is done again.
  await remove(engine, engineName, signal)
  try {
    const exitCode = await engine.call(call('helper.run'), async (docker) => {
      const container = await docker.createContainer(options)
      const ended = container.wait({ condition: 'next-exit' }) as Promise<{ readonly StatusCode: number }>
      ended.catch(() => {}) // told below, unless the start fails first
      await container.start()
      return (await ended).StatusCode
    })
    if (exitCode === 0) return
    const output = await engine.call(call('container.logs'), (docker) =>
      unlessStatus(docker.getContainer(engineName).logs({ stdout: true, stderr: true, tail: 5 }), 404),
    )
    throw new Error(
      `chown ended with ${exitCode}: ${String(output ?? '')
        .replaceAll(/[^\x20-\x7e]+/g, ' ')
        .trim()}`,
    )
  } finally {
    await remove(engine, engineName, new AbortController().signal)
  }
}
