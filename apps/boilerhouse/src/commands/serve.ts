import { createLogger, systemClock } from '@boilerhouse/base'

import { command } from '../cli/command.ts'
import { logWriter } from '../cli/log-writer.ts'
import { UsageError } from '../cli/parse.ts'
import { loadConfig } from '../config/load-config.ts'
import { roleNames, type Role } from '../roles/role.ts'

export const serve = command({
  path: ['serve'],
  summary: 'Run some roles of a larger installation.',
  args: [],
  flags: { role: { kind: 'many', value: 'ROLE', about: 'api or controllers.' } },
  async run({ flags, output, signal }) {
    const names = rolesOf(flags.role)
    const config = await loadConfig()
    const log = createLogger({ level: config.logLevel, clock: systemClock, write: logWriter(process.stderr.isTTY, output.note) })
    // Loaded here, so that the other commands start without the server's parts.
    const { runHouse } = await import('../run-house.ts')
    const running = await runHouse(config, log, names)
    for (const line of running.told) output.note(line)
    await untilAborted(signal)
    await running.stop()
  },
})

function rolesOf(asked: readonly string[]): readonly Role['name'][] {
  if (asked.length === 0) throw new UsageError('Cannot serve: --role is missing')
  return asked.map((name) => {
    const role = roleNames.find((one) => one === name)
    if (!role) throw new UsageError(`Cannot serve: --role must be one of ${roleNames.join(', ')}, got "${name}"`)
    return role
  })
}

const untilAborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
