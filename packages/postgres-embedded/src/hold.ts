import postgres from 'postgres'

import type { PostgresConnection } from './socket-directory.ts'

/** Any number, the same in every version: whoever holds it shared uses this Postgres. */
const usersLock = 4_220_411

/**
 * One session that says "I use this Postgres", by a shared advisory lock: the kernel and Postgres give it up when its process dies.
 * `closed` resolves when the session ended for whatever reason.
 */
export interface Hold {
  readonly closed: Promise<void>
  /** Gives the lock up; true where nobody else holds it. */
  isLast(): Promise<boolean>
  end(): Promise<void>
}

/** Throws where Postgres does not answer (yet). */
export async function takeHold(connection: PostgresConnection): Promise<Hold> {
  const closed = Promise.withResolvers<void>()
  const sql = oneSession({ ...connection, database: 'postgres' }, () => closed.resolve())
  try {
    await sql`select pg_advisory_lock_shared(${usersLock})`
  } catch (error) {
    await sql.end({ timeout: 0 })
    throw error
  }
  return {
    closed: closed.promise,
    async isLast() {
      await sql`select pg_advisory_unlock_shared(${usersLock})`
      const [row] = await sql<{ free: boolean }[]>`select pg_try_advisory_lock(${usersLock}) as free`
      return row?.free ?? false
    },
    end: () => sql.end({ timeout: 1 }),
  }
}

/** Makes the database where there is none. Only under the start lock. */
export async function ensureDatabase(connection: PostgresConnection): Promise<void> {
  const sql = oneSession({ ...connection, database: 'postgres' }, () => {})
  try {
    const rows = await sql`select from pg_database where datname = ${connection.database}`
    if (rows.length === 0) await sql`create database ${sql(connection.database)}`
  } finally {
    await sql.end({ timeout: 1 })
  }
}

const oneSession = (connection: PostgresConnection, onclose: () => void) =>
  postgres({
    ...connection,
    max: 1,
    idle_timeout: 0,
    max_lifetime: null,
    connect_timeout: 10,
    fetch_types: false,
    onclose,
    onnotice: () => {},
    connection: { application_name: `boilerhouse/${process.pid}` },
  })
