import { Fault } from '@boilerhouse/base'
import { createClient, type Client } from '@boilerhouse/client'

import { readAdminKey, readSettings } from '../config/load-config.ts'

/** Where the server is and with which key: flags, else environment, else the settings and the data directory of this user. */
export async function connect(flags: { readonly url?: string; readonly key?: string }): Promise<Client> {
  const key = flags.key ?? (await readAdminKey())
  if (key === undefined) {
    throw new Fault(
      'auth.required',
      'There is no key: no --key, no BOILERHOUSE_API_KEY, and no admin key in the data directory',
      {
        remedy: 'Start the server once on this machine, or pass --key.',
      },
    )
  }
  return createClient({ baseUrl: flags.url ?? (await defaultUrl()), key })
}

async function defaultUrl(): Promise<string> {
  const { settings, serverUrl } = await readSettings()
  if (serverUrl !== undefined) return serverUrl
  const { host, port, tlsCert } = settings
  return `${tlsCert === undefined ? 'http' : 'https'}://${host.includes(':') ? `[${host}]` : host}:${port}`
}
