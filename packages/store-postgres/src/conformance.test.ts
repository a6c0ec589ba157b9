import { noMetrics, silentLogger } from '@boilerhouse/base'
import { testDatabase } from '@boilerhouse/postgres-embedded/testing'
import { storeConformance } from '@boilerhouse/store/conformance'

import { createPostgresStore } from './postgres-store.ts'

storeConformance({
  name: 'postgres',
  create: async () => {
    const database = await testDatabase()
    return {
      connect: (clock) =>
        createPostgresStore({ connection: database.connection, clock, log: silentLogger, metrics: noMetrics, maxConnections: 8 }),
      dispose: () => database.drop(),
    }
  },
})
