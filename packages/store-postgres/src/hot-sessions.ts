import { SQL } from 'bun'
import type { Row } from 'postgres'

import type { Sql } from './connection.ts'

export type HotParameter = string | number | boolean | Uint8Array | null

/** The sessions of the hottest statements. Failures are the driver's: `store-call.ts` knows those of both. */
export interface HotSessions {
  /**
   * One text, prepared once a session, and its parameters `$1, $2, …`. What it returns has no `bigint` (`::float8` instead), which one
   * driver gives as text. A statement whose session breaks fails and is not run again.
   */
  run(text: string, parameters: readonly HotParameter[]): Promise<readonly Row[]>
  close(): Promise<void>
}

/**
 * Sessions of their own, by Bun's client: `docs/adr/0020-the-claim-path-on-buns-client.md`. Opened by the first statement, and again by the
 * next one after they broke. Where they lead is what the general client has read of the connection: a URL, its settings, `PG*` variables.
 */
export function openHotSessions(general: Sql, max: number): HotSessions {
  const { host, port, path, user, database, connection } = general.options
  const sql = new SQL({
    adapter: 'postgres',
    ...(typeof path === 'string' ? { path } : { hostname: host[0], port: port[0] }),
    username: user,
    password: passwordOf(general),
    database,
    tls: tlsOf(general),
    max,
    idleTimeout: 0,
    maxLifetime: 0,
    connectionTimeout: 10,
    connection: { ...connection, application_name: 'boilerhouse claims' },
  })
  return {
    run: (text, parameters) => sql.unsafe<Row[]>(text, parameters.map(asPrepared)),
    close: () => sql.close({ timeout: 2 }),
  }
}

/** A list of hosts to try is nothing that this client knows. */
export const canOpenHotSessions = ({ options }: Sql): boolean => options.host.length === 1

/** The same on the general sessions, where there is no room for others. */
export const shareSessions = (general: Sql): HotSessions => ({
  run: (text, parameters) => general.unsafe<Row[]>(text, [...parameters], { prepare: true }),
  close: async () => {},
})

/** The client prepares a text once for each list of types it sees, and takes those of numbers from their size: as text they have the column's. */
const asPrepared = (value: HotParameter) => (typeof value === 'number' ? String(value) : value)

/** Types say `null`, since they allow a function there; `Connection` does not. */
const passwordOf = ({ options }: Sql): string => (options.pass as string | null) ?? ''

/** The words of `sslmode`, as the general client takes them: it verifies by all but these three. */
function tlsOf({ options: { ssl } }: Sql) {
  if (!ssl) return 'disable'
  if (ssl === 'prefer') return 'prefer'
  return ssl === 'require' || ssl === 'allow' ? 'require' : 'verify-full'
}
