import { readFile } from 'node:fs/promises'
import { cpus } from 'node:os'
import { join } from 'node:path'

import type { ServerProcess } from './server-process.ts'

/** Seconds of cpu that each has used so far. */
export interface UsedCpu {
  readonly generator: number
  readonly server: number
  readonly postgres: number
}

export async function usedCpu(server: ServerProcess): Promise<UsedCpu> {
  const { user, system } = process.cpuUsage()
  return {
    generator: (user + system) / 1e6,
    server: await server.cpuSeconds(server.pid),
    postgres: await postgresCpu(server),
  }
}

/** Who took how much of the machine in the time between two readings. */
export function cpuShares(before: UsedCpu, after: UsedCpu, tookMs: number): Readonly<Record<string, string>> {
  const share = (who: keyof UsedCpu) =>
    `${(((after[who] - before[who]) / (tookMs / 1000) / cpus().length) * 100).toFixed(0)} % of ${cpus().length} cores`
  return { 'load generator': share('generator'), server: share('server'), Postgres: share('postgres') }
}

/** Of the postmaster and every session that runs. */
async function postgresCpu({ dataDir, cpuSeconds }: ServerProcess): Promise<number> {
  const [pidFile] = await Array.fromAsync(new Bun.Glob('postgres/*/postmaster.pid').scan({ cwd: dataDir, absolute: true }))
  if (pidFile === undefined) throw new Error(`There is no postmaster below ${join(dataDir, 'postgres')}`)
  const pid = Number((await readFile(pidFile, 'utf8')).split('\n')[0])
  const children = (await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8')).trim().split(' ').map(Number)
  const seconds = await Promise.all([pid, ...children].map(cpuSeconds))
  return seconds.reduce((sum, one) => sum + one, 0)
}
