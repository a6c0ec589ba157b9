import { readdir, readFile, readlink, realpath, rm, stat, truncate, copyFile } from 'node:fs/promises'
import { join } from 'node:path'

import { Fault, type Clock } from '@boilerhouse/base'

import { lastLines } from './cluster.ts'
import { spawnDetached } from './unprivileged.ts'

export interface Postmaster {
  readonly program: string
  readonly data: string
  readonly socketDir: string
  readonly logFile: string
  readonly settings: Readonly<Record<string, string>>
  readonly clock: Clock
}

/** The pid of the running Postgres of this directory. Every process of it works in it, and nobody else does. */
export async function runningPostmaster(data: string): Promise<number | undefined> {
  const pid = Number((await readFile(join(data, 'postmaster.pid'), 'utf8').catch(() => '')).split('\n')[0])
  return pid > 0 && (await workingDirectory(pid)) === (await realpath(data)) ? pid : undefined
}

/** Starts it and returns; it answers a little later. Only under the start lock. */
export async function startPostmaster(postmaster: Postmaster): Promise<{ readonly pid: number | undefined }> {
  const { data, clock } = postmaster
  await endOrphans(data, clock)
  // No process of the former one is left, so its pid in these files may be anybody's by now, and would stop the start.
  await rm(join(data, 'postmaster.pid'), { force: true })
  await rm(join(postmaster.socketDir, '.s.PGSQL.5432.lock'), { force: true })
  const all = { ...defaults, unix_socket_directories: postmaster.socketDir, ...postmaster.settings }
  const args = Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  return spawnDetached(postmaster.program, ['-D', data, ...args], postmaster.logFile)
}

/** A fast shutdown: sessions end, everything is on disk. Resolves when no process is left. */
export async function stopPostmaster(data: string, clock: Clock): Promise<void> {
  const pid = await runningPostmaster(data)
  if (pid === undefined) return
  signal(pid, 'SIGINT')
  const deadline = clock.monotonicMs() + 30_000
  while ((await processesIn(data)).length > 0) {
    if (clock.monotonicMs() > deadline) throw new Fault('store.unavailable', `Postgres ${pid} does not stop`)
    await clock.sleep(5)
  }
}

/** What its log says last, for the fault that reports a failed start. */
export const lastWords = async (logFile: string): Promise<string> =>
  lastLines((await readFile(logFile, 'utf8').catch(() => '')).slice(-4000))

/** Postgres appends, so its file can be cut under it; one earlier piece is kept. */
export async function boundLog(logFile: string, maxBytes: number): Promise<void> {
  const size = (await stat(logFile).catch(() => undefined))?.size ?? 0
  if (size <= maxBytes) return
  await copyFile(logFile, `${logFile}.1`)
  await truncate(logFile, 0)
}

const defaults: Readonly<Record<string, string>> = {
  listen_addresses: '',
  port: '5432',
  unix_socket_permissions: '0700',
  max_connections: '100',
  shared_buffers: '128MB',
  fsync: 'on',
  synchronous_commit: 'on',
  full_page_writes: 'on',
  // There is no replica and no archive; `backup` is ours. The least WAL that survives a crash.
  wal_level: 'minimal',
  max_wal_senders: '0',
  max_wal_size: '512MB',
  checkpoint_timeout: '10min',
  jit: 'off',
  autovacuum: 'on',
  // Every statement is short: workers would cost more than they save, and need /dev/shm, which is small in containers.
  max_parallel_workers_per_gather: '0',
  max_parallel_maintenance_workers: '0',
  io_method: 'sync',
  huge_pages: 'off',
  log_min_messages: 'warning',
  log_checkpoints: 'off',
  log_line_prefix: '%m [%p] %a ',
  log_timezone: 'UTC',
  timezone: 'UTC',
}

/** Backends notice that their postmaster was killed and end; one that does not is ended, for it would stop the next start. */
async function endOrphans(data: string, clock: Clock): Promise<void> {
  const deadline = clock.monotonicMs() + 3000
  for (let left = await processesIn(data); left.length > 0; left = await processesIn(data)) {
    if (clock.monotonicMs() > deadline) for (const pid of left) signal(pid, 'SIGKILL')
    await clock.sleep(10)
  }
}

async function processesIn(data: string): Promise<number[]> {
  const directory = await realpath(data)
  const pids = (await readdir('/proc')).map(Number).filter((pid) => pid > 0)
  const directories = await Promise.all(pids.map(workingDirectory))
  return pids.filter((_, i) => directories[i] === directory)
}

const workingDirectory = (pid: number): Promise<string | undefined> => readlink(`/proc/${pid}/cwd`).catch(() => undefined)

function signal(pid: number, name: 'SIGINT' | 'SIGKILL'): void {
  try {
    process.kill(pid, name)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}
