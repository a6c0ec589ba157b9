import type { Clock, Logger } from '@boilerhouse/base'

import type { Fragment, Sql } from './connection.ts'
import type { EventWakeups } from './event-wakeups.ts'
import type { StoreCall } from './store-call.ts'

/** What every part of this store works with. */
export interface Database {
  readonly sql: Sql
  readonly projectId: string
  readonly clock: Clock
  readonly log: Logger
  readonly call: StoreCall
  readonly wakeups: EventWakeups
}

const jsonOid = 114

/** A value for a `json` column; null where there is none. */
export const json = (sql: Sql, value: unknown) => (value === undefined ? null : sql.typed(value as never, jsonOid))

/** A column cannot hold NUL; text that others wrote (an engine's error, a build log) may. */
export const text = (value: string | undefined): string | null => value?.replaceAll('\0', '\uFFFD') ?? null

/** `a = 1, b = 2` of the columns that are named; undefined clears. */
export function assignments(sql: Sql, first: Fragment, columns: Readonly<Record<string, unknown>>): Fragment {
  let all = first
  for (const [name, value] of Object.entries(columns)) all = sql`${all}, ${sql(name)} = ${(value ?? null) as never}`
  return all
}
