import { createApi, createProxy, hashKey, type ApiDeps, type Listening } from '@boilerhouse/api'
import { examine } from '@boilerhouse/controllers'

import { describeSettings } from '../config/describe-settings.ts'
import { proxyWarnings } from '../config/proxy-warnings.ts'
import type { House } from '../compose.ts'
import { version } from '../version.ts'
import { listenOn } from './listen-on.ts'
import type { Role } from './role.ts'

export const apiRole: Role = {
  name: 'api',
  async start(house) {
    const { config, proxyPlace } = house
    const { host, tls } = config
    const warnings = (): readonly string[] => {
      const told = proxyWarnings(config)
      return told.length > 0 ? told : proxy.warnings()
    }
    const api = createApi(apiDeps(house, warnings))
    const proxy = createProxy({
      ...house,
      auth: api.auth,
      tickets: api.tickets,
      trustProxy: config.trustProxy,
      ...(config.proxyDomain === undefined ? {} : { domain: config.proxyDomain }),
    })
    const listeners: Listening[] = []
    const stop = async () => {
      await Promise.all(listeners.map((listener) => listener.stop(config.shutdownTimeoutMs)))
      await api.close()
    }
    const options = (port: number) => ({ host, port, ...(tls && { tls }) })
    try {
      const proxied = listenOn(config, 'proxyPort', (port) => proxy.listen(options(port)))
      listeners.push(proxied)
      proxyPlace.baseUrl = config.proxyUrl ?? proxied.url
      for (const warning of proxyWarnings(config)) house.log.warn(warning)
      const listening = listenOn(config, 'port', (port) => api.listen(options(port)))
      listeners.push(listening)
      return { told: [`API    ${listening.url}`, `proxy  ${proxyPlace.baseUrl}`], url: listening.url, stop }
    } catch (error) {
      await stop()
      throw error
    }
  },
}

function apiDeps(
  { config, store, hub, claims, runtime, clock, log, metrics, box, proxyPlace }: House,
  warnings: () => readonly string[],
): ApiDeps {
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
    adminKeyHash: hashKey(config.apiKey),
    settings: () => describeSettings(config).map(({ name, value, source }) => ({ name, value, source })),
    doctor: async (options) => {
      const report = await examine({ store, runtime, clock }, options, never)
      return { ...report, warnings: [...report.warnings, ...warnings()] }
    },
    limits: {
      jsonBodyBytes: config.maxBodyKb * 1024,
      fileBytes: config.maxFileMb * 1_048_576,
      requestsPerMinute: config.requestsPerMinute,
    },
    workloadsDir: config.workloadsDir,
    allowNetworks: config.allowNetworks,
    envAllow: config.envAllow,
    proxy: proxyPlace,
  }
}
