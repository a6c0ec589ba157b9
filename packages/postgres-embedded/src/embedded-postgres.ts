import { mkdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'

import { backoffMs, Fault, type Clock, type Logger } from '@boilerhouse/base'

import { locateBinaries } from './binaries.ts'
import { databaseUser, ensureCluster } from './cluster.ts'
import { ensureDatabase, takeHold, type Hold } from './hold.ts'
import { boundLog, lastWords, runningPostmaster, startPostmaster, stopPostmaster, type Postmaster } from './postmaster.ts'
import { socketDirectory, socketPort, type PostgresConnection } from './socket-directory.ts'
import { withStartLock } from './start-lock.ts'

export interface EmbeddedPostgresOptions {
  /** Postgres lives in `<dataDir>/postgres`. */
  readonly dataDir: string
  /** For the socket, where the data directory's path is too long for one. */
  readonly runDir?: string
  readonly clock: Clock
  readonly log: Logger
  /** Of `postgresql.conf`, over ours. They count for whoever starts it, not for whoever attaches. */
  readonly settings?: Readonly<Record<string, string>>
}

export interface EmbeddedPostgres {
  readonly connection: PostgresConnection
  /** For `psql` and logs: the same as a libpq URL. */
  readonly url: string
  /** Ends this process's use; the last one to leave stops Postgres. Idempotent. */
  leave(): Promise<void>
}

/**
 * The Postgres of a data directory. It belongs to the directory, not to a server: in its own process session, on a Unix socket alone.
 * The first to come starts it, others attach, also to one that a crash left behind; while anybody uses it, it is started again
 * when it dies. Throws `store.unavailable`, `store.version`, `setting.invalid`.
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const { clock, log } = options
  const home = join(resolve(options.dataDir), 'postgres')
  await mkdir(home, { recursive: true, mode: 0o700 })
  const lockFile = join(home, 'start.lock')
  const { postmaster, connection } = await withStartLock(lockFile, clock, () => prepare(options, home))

  const attach = () => withStartLock(lockFile, clock, () => startOrAttach(postmaster, connection, log))
  const leaving = new AbortController()
  let hold = await attach()
  const supervised = supervise()
  let left: Promise<void> | undefined

  async function supervise(): Promise<void> {
    while (!leaving.signal.aborted) {
      const event = await Promise.race([hold.closed.then(() => 'closed'), clock.sleep(60_000, leaving.signal)])
      if (leaving.signal.aborted) return
      await boundLog(postmaster.logFile, 8 * 1024 * 1024)
      if (event === 'closed') await reattach()
    }
  }

  async function reattach(): Promise<void> {
    await hold.end()
    for (let failures = 1; !leaving.signal.aborted; failures++) {
      try {
        hold = await attach()
        return
      } catch (error) {
        log.error('The embedded Postgres ended and cannot be started', { error })
        await clock.sleep(backoffMs({ firstMs: 100, maxMs: 10_000 }, failures), leaving.signal)
      }
    }
  }

  async function leave(): Promise<void> {
    leaving.abort()
    await supervised
    await withStartLock(lockFile, clock, async () => {
      const isLast = await hold.isLast().catch(() => false) // it is not running: nothing to stop
      await hold.end()
      if (isLast) await stopPostmaster(postmaster.data, clock)
    })
  }

  const url = `postgresql://${connection.user}@/${connection.database}?host=${encodeURIComponent(connection.host)}`
  return { connection, url, leave: () => (left ??= leave()) }
}

async function prepare(options: EmbeddedPostgresOptions, home: string) {
  const binaries = await locateBinaries(home)
  const data = await ensureCluster(binaries, home, options.settings?.fsync !== 'off')
  const socketDir = await socketDirectory(home, options.runDir)
  const postmaster: Postmaster = {
    program: binaries.postgres,
    data,
    socketDir,
    logFile: join(home, 'postgres.log'),
    settings: options.settings ?? {},
    clock: options.clock,
  }
  const connection: PostgresConnection = { host: socketDir, port: socketPort, user: databaseUser, database: 'boilerhouse' }
  return { postmaster, connection }
}

/** Under the start lock. One that is shutting down is waited for and then started. */
async function startOrAttach(postmaster: Postmaster, connection: PostgresConnection, log: Logger): Promise<Hold> {
  const { clock, data, logFile } = postmaster
  const deadline = clock.monotonicMs() + 60_000
  let attempts = 0
  let pid = await runningPostmaster(data)
  for (let cause: unknown; ; await clock.sleep(10)) {
    if (pid === undefined && attempts++ < 3) {
      await boundLog(logFile, 8 * 1024 * 1024)
      pid = (await startPostmaster(postmaster)).pid
      log.info('Started the embedded Postgres', { pid, data })
    }
    try {
      await ensureDatabase(connection)
      return await takeHold(connection)
    } catch (error) {
      cause = error
    }
    if (pid !== undefined && !isAlive(pid)) pid = undefined
    if ((pid === undefined && attempts >= 3) || clock.monotonicMs() > deadline) {
      throw new Fault('store.unavailable', `The embedded Postgres does not start: ${await lastWords(logFile)}`, {
        cause,
        remedy: `Read ${logFile}; the data is in ${data}.`,
      })
    }
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
