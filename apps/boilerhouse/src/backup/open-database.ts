import type { Clock, Logger } from '@boilerhouse/base'
import { startEmbeddedPostgres, type PostgresConnection } from '@boilerhouse/postgres-embedded'

import type { Config } from '../config/load-config.ts'
import { runDirOf } from '../config/run-dir.ts'

export interface OpenDatabase extends AsyncDisposable {
  readonly connection: PostgresConnection | string
}

/** The database alone, without the rest of the house; the embedded one is started where nobody runs it, and left as it was found. */
export async function openDatabase(config: Config, clock: Clock, log: Logger): Promise<OpenDatabase> {
  if (config.databaseUrl !== undefined) return { connection: config.databaseUrl, [Symbol.asyncDispose]: async () => {} }
  const { dataDir } = config
  const postgres = await startEmbeddedPostgres({ dataDir, runDir: runDirOf(config), clock, log })
  return { connection: postgres.connection, [Symbol.asyncDispose]: () => postgres.leave() }
}
