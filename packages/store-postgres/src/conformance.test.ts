import { noMetrics, silentLogger } from '@boilerhouse/base'
import { testDatabase } from '@boilerhouse/postgres-embedded/testing'
import { storeConformance } from '@boilerhouse/store/conformance'
import { setDefaultTimeout } from 'bun:test'

import { createPostgresStore } from './postgres-store.ts'

// The first test starts Postgres: on a busy machine that takes its time.
setDefaultTimeout(60_000)

storeConformance({
  name: 'postgres',
  create: async () => {
    const database = await testDatabase()
    return {
      connect: (clock) =>
        createPostgresStore({
          connection: database.connection,
          clock,
          log: silentLogger,
          metrics: noMetrics,
          maxConnections: 12,
        }),
      dispose: () => database.drop(),
    }
  },
})
