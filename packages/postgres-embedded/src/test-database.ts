import { spawn } from 'node:child_process'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { silentLogger, systemClock } from '@boilerhouse/base'
import postgres from 'postgres'

import { startEmbeddedPostgres, type EmbeddedPostgres } from './embedded-postgres.ts'
import type { PostgresConnection } from './socket-directory.ts'

export interface TestDatabase extends AsyncDisposable {
  readonly connection: PostgresConnection
  readonly dataDir: string
  /** Ends its sessions and removes it. */
  drop(): Promise<void>
}

/** One Postgres a test process is the point of this file, hence its only state: it is started by the first test that asks. */
let shared: Promise<{ server: EmbeddedPostgres; dataDir: string }> | undefined
let made = 0

/** A fresh, empty database on a Postgres that lives as long as this test process, also where the process is killed. */
export async function testDatabase(): Promise<TestDatabase> {
  shared ??= startShared()
  const { server, dataDir } = await shared
  const name = `test_${++made}`
  await onServer(server, (sql) => sql`create database ${sql(name)}`)
  const drop = () => onServer(server, (sql) => sql`drop database if exists ${sql(name)} with (force)`)
  return { connection: { ...server.connection, database: name }, dataDir, drop, [Symbol.asyncDispose]: drop }
}

async function startShared() {
  const dataDir = await mkdtemp(join(tmpdir(), 'bh-pg-'))
  endWithThisProcess(dataDir)
  const settings = { fsync: 'off', full_page_writes: 'off', shared_buffers: '64MB', max_connections: '200' }
  const server = await startEmbeddedPostgres({ dataDir, clock: systemClock, log: silentLogger, settings })
  return { server, dataDir }
}

/**
 * `bun test` runs no code at its end, and none at all where it is killed: a shell in a session of its own looks whether this process is
 * there. (Not by a pipe from here: the runtime closes that when it collects the object that held it.)
 */
function endWithThisProcess(dataDir: string): void {
  const script = `while [ -e "/proc/$2" ]; do sleep 0.3; done
pid=$(head -n 1 "$1/postgres/data/postmaster.pid" 2>/dev/null) && kill -QUIT "$pid"
while [ -n "$pid" ] && [ -e "/proc/$pid/cwd" ]; do sleep 0.05; done
rm -rf "$1"`
  const watcher = spawn('sh', ['-c', script, 'sh', dataDir, String(process.pid)], { cwd: '/', detached: true, stdio: 'ignore' })
  watcher.unref()
}

async function onServer(server: EmbeddedPostgres, statement: (sql: postgres.Sql) => PromiseLike<unknown>): Promise<void> {
  const sql = postgres({ ...server.connection, database: 'postgres', max: 1, fetch_types: false, onnotice: () => {} })
  try {
    await statement(sql)
  } finally {
    await sql.end({ timeout: 1 })
  }
}
