export { startEmbeddedPostgres, type EmbeddedPostgres, type EmbeddedPostgresOptions } from './src/embedded-postgres.ts'
export type { PostgresConnection } from './src/socket-directory.ts'
