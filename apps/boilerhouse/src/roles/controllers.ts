import { hostname } from 'node:os'

import { newId } from '@boilerhouse/base'
import { createControllers } from '@boilerhouse/controllers'

import { allowedEnvironment } from '../config/allowed-environment.ts'
import type { Role } from './role.ts'

const dayMs = 86_400_000

/** Long enough to bear a pause of a busy process, short enough that another takes over soon. */
const leaseTtlMs = 5_000

export const controllersRole: Role = {
  name: 'controllers',
  async start({ config, clock, log, metrics, background: store, hub, runtime, claims }) {
    const controllers = createControllers({
      store,
      hub,
      runtime,
      claims,
      clock,
      log: log.child({ role: 'controllers' }),
      metrics,
      holder: `${hostname()}/${process.pid}/${newId('p', clock.nowMs())}`,
      settings: {
        maxContainers: config.maxContainers,
        minFreeMb: config.minFreeMb,
        leaseTtlMs,
        workloadsDir: config.workloadsDir,
        allowNetworks: config.allowNetworks,
        environment: allowedEnvironment(config),
        retentionMs: config.eventRetentionDays * dayMs,
      },
    })
    controllers.start()
    return { told: ['controllers run'], stop: () => controllers.stop() }
  },
}
