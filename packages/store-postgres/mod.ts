export { createPostgresStore, type PostgresStoreOptions } from './src/postgres-store.ts'
export type { Connection } from './src/connection.ts'
