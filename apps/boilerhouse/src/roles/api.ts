import { createHash } from 'node:crypto'

import { createApi } from '@boilerhouse/api'
import { examine } from '@boilerhouse/controllers'

import { describeSettings } from '../config/describe-settings.ts'
import type { House } from '../compose.ts'
import { version } from '../version.ts'
import { proxyBaseUrl } from './proxy-url.ts'
import type { Role } from './role.ts'

export const apiRole: Role = {
  name: 'api',
  async start(house) {
    const { config } = house
    const api = createApi(apiDeps(house))
    const { host, tls } = config
    const listening = api.listen({ host, port: config.port, ...(tls && { tls }) })
    return {
      told: [`API    ${listening.url}`],
      url: listening.url,
      async stop() {
        await listening.stop(config.shutdownTimeoutMs)
        await api.close()
      },
    }
  },
}

function apiDeps({ config, store, hub, claims, runtime, clock, log, metrics, box }: House) {
  const never = new AbortController().signal
  return {
    store,
    hub,
    claims,
    runtime,
    clock,
    log: log.child({ role: 'api' }),
    metrics,
    box,
    version,
    adminKeyHash: createHash('sha256').update(config.apiKey).digest('hex'),
    settings: () => describeSettings(config).map(({ name, value, source }) => ({ name, value, source })),
    doctor: (options: { readonly repair: boolean }) => examine({ store, runtime }, options, never),
    workloadsDir: config.workloadsDir,
    allowNetworks: config.allowNetworks,
    envAllow: config.envAllow,
    proxy: { baseUrl: proxyBaseUrl(config), ...(config.proxyDomain === undefined ? {} : { domain: config.proxyDomain }) },
  }
}
