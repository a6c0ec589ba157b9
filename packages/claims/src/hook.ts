import { Fault, isFault, type ContainerId } from '@boilerhouse/base'
import { redactText, type Hook } from '@boilerhouse/resources'

import type { ClaimValues } from './claim-values.ts'
import type { ClaimsWorld } from './claims-deps.ts'
import type { Run } from './run.ts'

/** So much of a hook's output is read, and so much of it shown. */
const maxOutputBytes = 8192
const shownCharacters = 500

/**
 * Runs a hook in the container. Throws `claim.hook_failed` where it fails and `onError` says so; what it wrote is shown without the
 * claim's secrets.
 */
export async function runHook(
  { runtime, log, metrics }: ClaimsWorld,
  run: Run,
  name: 'postClaim' | 'preRelease',
  hook: Hook | undefined,
  containerId: ContainerId,
  values: Pick<ClaimValues, 'secrets' | 'env'>,
): Promise<void> {
  if (!hook) return
  const fail = (why: string, cause?: unknown): void => {
    metrics.count('exec_total', { outcome: `hook_${name}_failed` })
    if (hook.onError === 'fail') throw new Fault('claim.hook_failed', `The ${name} hook ${why}`, { cause })
    log.warn('a hook failed and its workload says to go on', { hook: name, containerId, why })
  }
  await run.timings.phase(name, async () => {
    try {
      const request = { command: hook.command, timeoutMs: hook.timeoutMs, maxOutputBytes }
      const { exitCode, stdout, stderr } = await runtime.exec(containerId, request, run.signal)
      if (exitCode === 0) return metrics.count('exec_total', { outcome: 'ok' })
      const wrote = lastOf(stderr.byteLength > 0 ? stderr : stdout, values)
      fail(`ended with code ${exitCode}${wrote === '' ? '' : `: ${wrote}`}`)
    } catch (error) {
      if (!isFault(error, 'container.exec_timeout')) throw error
      fail(`did not end within ${hook.timeoutMs} ms`, error)
    }
  })
}

function lastOf(output: Uint8Array, { secrets, env }: Pick<ClaimValues, 'secrets' | 'env'>): string {
  const hidden = [...[...secrets.values()].map((bytes) => Buffer.from(bytes).toString()), ...Object.values(env)]
  return redactText(new TextDecoder().decode(output).trim(), hidden).slice(-shownCharacters)
}
