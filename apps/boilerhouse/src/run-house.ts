import { systemClock, type Logger } from '@boilerhouse/base'

import { compose, type House } from './compose.ts'
import type { Config } from './config/load-config.ts'
import { rehearse } from './rehearse.ts'
import { apiRole } from './roles/api.ts'
import { controllersRole } from './roles/controllers.ts'
import type { Role, RunningRole } from './roles/role.ts'
import { openTracing } from './tracing.ts'

const roles: readonly Role[] = [controllersRole, apiRole]

export interface RunningHouse {
  readonly house: House
  readonly told: readonly string[]
  readonly url: string | undefined
  /** Requests end first, then controllers, then the adapters. Containers stay; the next start adopts them. */
  stop(): Promise<void>
}

/** Builds the house and starts the named roles in it. */
export async function runHouse(config: Config, log: Logger, names: readonly Role['name'][]): Promise<RunningHouse> {
  const clock = systemClock
  const tracing = openTracing(config.otlpEndpoint)
  const [house] = await Promise.all([
    compose({ config, clock, log, tracer: tracing.tracer }),
    names.includes('api') ? rehearse(clock) : undefined,
  ])
  const running: RunningRole[] = []
  const say = (type: 'server.started' | 'server.stopping') =>
    house.store.events.append({ type, actor: 'server', subject: `server/${config.installationId}`, data: { roles: names } })
  const stop = async () => {
    for (const role of running.splice(0).toReversed()) await role.stop()
    await say('server.stopping').catch((error: unknown) => log.warn('The stop was not written to the event log', { error }))
    await house.close()
    await tracing.close()
  }
  try {
    for (const role of roles.filter(({ name }) => names.includes(name))) running.push(await role.start(house))
    await say('server.started')
  } catch (error) {
    await stop()
    throw error
  }
  return { house, told: running.flatMap(({ told }) => told), url: running.find(({ url }) => url !== undefined)?.url, stop }
}
