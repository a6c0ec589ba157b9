import { createLogger, systemClock } from '@boilerhouse/base'

import { command } from '../cli/command.ts'
import { UsageError } from '../cli/parse.ts'
import { loadConfig } from '../config/load-config.ts'
import type { Role } from '../roles/role.ts'
import { roles, runHouse } from '../run-house.ts'

export const serve = command({
  path: ['serve'],
  summary: 'Run some roles of a larger installation.',
  args: [],
  flags: { role: { kind: 'many', value: 'ROLE', about: 'api or controllers.' } },
  async run({ flags, output, signal }) {
    const names = rolesOf(flags.role)
    const config = await loadConfig()
    const log = createLogger({ level: config.logLevel, clock: systemClock, write: (line) => output.note(line) })
    const running = await runHouse(config, log, names)
    for (const line of running.told) output.note(line)
    await untilAborted(signal)
    await running.stop()
  },
})

function rolesOf(asked: readonly string[]): readonly Role['name'][] {
  if (asked.length === 0) throw new UsageError('Cannot serve: --role is missing')
  return asked.map((name) => {
    const role = roles.find((one) => one.name === name)
    if (!role)
      throw new UsageError(`Cannot serve: --role must be one of ${roles.map((one) => one.name).join(', ')}, got "${name}"`)
    return role.name
  })
}

const untilAborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
