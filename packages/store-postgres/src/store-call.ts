import { Fault, type Clock, type Metrics } from '@boilerhouse/base'
import { SQL } from 'bun'
import postgres from 'postgres'

/** Runs one call of the store: measures it, and turns the driver's errors into faults. */
export type StoreCall = <T>(statement: string, action: () => Promise<T>) => Promise<T>

export function createStoreCall(clock: Clock, metrics: Metrics): StoreCall {
  return async (statement, action) => {
    const began = clock.monotonicMs()
    try {
      return await withoutDeadlock(action)
    } catch (error) {
      throw asFault(error)
    } finally {
      metrics.observe('store_call_seconds', { statement }, (clock.monotonicMs() - began) / 1000)
    }
  }
}

/** Postgres ends one of two transactions that wait for each other, whole: doing that one again is safe. */
async function withoutDeadlock<T>(action: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await action()
    } catch (error) {
      const code = codeOf(error)
      if (attempt >= 5 || (code !== '40P01' && code !== '40001')) throw error
    }
  }
}

export function asFault(error: unknown): unknown {
  return isUnavailable(error) ? new Fault('store.unavailable', 'The database does not answer', { cause: error }) : error
}

/** No connection (08), no room (53), the server stops or starts (57P), or the drivers' own words for it. */
function isUnavailable(error: unknown): boolean {
  const code = codeOf(error)
  if (isSqlState(error)) return /^(08|53|57P|25006)/.test(code)
  return /^(CONNECTION_|CONNECT_TIMEOUT|ERR_POSTGRES_CONNECTION_|ECONN|ENOENT|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|EHOST|ENET|EACCES)/.test(
    code,
  )
}

/** What Postgres said; anything else is a driver's. Bun's client has the SQLSTATE in `errno`, and its own code in `code`. */
const isSqlState = (error: unknown): boolean =>
  error instanceof postgres.PostgresError || (error instanceof SQL.PostgresError && error.errno !== undefined)

export function codeOf(error: unknown): string {
  if (error instanceof SQL.PostgresError && error.errno !== undefined) return error.errno
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : ''
}

/** SQLSTATE classes that are outcomes here. */
export const uniqueViolation = '23505'
export const foreignKeyViolation = '23503'
