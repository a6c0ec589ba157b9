import { Fault } from '@boilerhouse/base'

import type { Config } from '../config/load-config.ts'
import { variableOf } from '../config/settings-schema.ts'

/** Listens on the port of a setting; a port that cannot be had names the setting, its value and the remedy. */
export function listenOn<Listening>(
  config: Pick<Config, 'host' | 'port' | 'proxyPort'>,
  name: 'port' | 'proxyPort',
  listen: (port: number) => Listening,
): Listening {
  try {
    return listen(config[name])
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause)
    throw new Fault('setting.invalid', `${variableOf(name)}=${config[name]}: cannot listen on ${config.host} (${code})`, {
      cause,
      remedy:
        code === 'EADDRINUSE'
          ? `Another program has the port: stop it, or set ${variableOf(name)} to a free one.`
          : 'Give an address of this host and a port that this user may use.',
    })
  }
}
