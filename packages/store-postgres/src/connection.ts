import postgres from 'postgres'

/** A URL as `DATABASE_URL` has it, or what `postgres-embedded` gives. A `host` with a slash is the directory of a Unix socket. */
export type Connection =
  | string
  | {
      readonly host: string
      readonly port: number
      readonly user: string
      readonly database: string
      readonly password?: string
    }

/** `bigint` columns hold times and counts: all below 2^53. */
export type Sql = postgres.Sql<{ bigint: number }>
export type Fragment = postgres.PendingQuery<postgres.Row[]>
export type Transaction = postgres.TransactionSql<{ bigint: number }>

/** `application_name` of the one session that every open store has: who restores looks for it. */
export const listenSessionName = 'boilerhouse listen'

export interface ClientOptions {
  readonly max: number
  readonly name: string
  /** Commits of these sessions do not wait for the disk. */
  readonly areCommitsLazy?: boolean
  readonly onclose?: () => void
  readonly onnotify?: (channel: string, payload: string) => void
}

/**
 * Every statement has its index, and one plan for all parameters. Plans of sessions outlive the sizes they were made for: one made while
 * a table was empty may read it whole, and planning for each call costs as much as the statement.
 */
const planner = '-c enable_seqscan=off -c jit=off -c plan_cache_mode=force_generic_plan'

export function openClient(connection: Connection, options: ClientOptions): Sql {
  const settings = {
    max: options.max,
    // Sessions are few and kept: a reconnect on the claim path would cost more than an idle session does.
    idle_timeout: 0,
    max_lifetime: null,
    connect_timeout: 10,
    backoff: (failures: number) => Math.min(0.02 * 2 ** failures, 0.5),
    types: { bigint: { to: 20, from: [20], parse: Number, serialize: String } },
    onnotice: () => {},
    ...(options.onclose ? { onclose: options.onclose } : {}),
    ...(options.onnotify ? { onnotify: options.onnotify } : {}),
    connection: {
      application_name: options.name,
      options: options.areCommitsLazy ? `${planner} -c synchronous_commit=off` : planner,
    },
  }
  if (typeof connection !== 'string') return postgres({ ...settings, ...connection })
  // libpq allows an empty host, which a URL does not.
  const url = new URL(connection.replace(/^(\w+:\/\/(?:[^@/]*@)?)(?=\/)/, '$1localhost'))
  const socketDir = url.searchParams.get('host')
  if (!socketDir) return postgres(url.href, settings)
  // libpq's form of a Unix socket, which the driver does not know: it would send `host` to the server as a setting.
  url.searchParams.delete('host')
  return postgres(url.href, { ...settings, host: socketDir })
}
