import { randomBytes } from 'node:crypto'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { endLeftPostgres } from './leftovers.ts'

/** A server in a process and a data directory of its own. */
export interface ServerProcess {
  readonly url: string
  readonly key: string
  readonly dataDir: string
  readonly pid: number
  /** Seconds of cpu that a process has used so far. */
  cpuSeconds(pid: number): Promise<number>
  /** `kill -9`: all else of it stays, for the next server in this data directory. */
  kill(): Promise<void>
  /** Ends it, and takes its data directory away. */
  stop(): Promise<void>
}

const startedWithinMs = 60_000

/**
 * Starts `command` (below the repository's root) and waits for the line that tells its address. With `former` it starts where that one
 * was killed. It is no part of our process group: Ctrl-C reaches us alone, and it is still there to take its pools away.
 */
export async function startServer(
  command: readonly string[],
  env: Readonly<Record<string, string>> = {},
  former?: Pick<ServerProcess, 'dataDir' | 'key'>,
): Promise<ServerProcess> {
  const dataDir = former?.dataDir ?? (await mkdtemp(join(tmpdir(), 'boilerhouse-bench-')))
  const key = former?.key ?? `bh_${randomBytes(24).toString('base64url')}`
  const child = Bun.spawn([process.execPath, ...command], {
    cwd: join(import.meta.dirname, '../..'),
    env: {
      ...process.env,
      BOILERHOUSE_DATA_DIR: dataDir,
      BOILERHOUSE_PORT: '0',
      BOILERHOUSE_PROXY_PORT: '0',
      BOILERHOUSE_API_KEY: key,
      ...env,
    },
    stdin: 'ignore',
    stdout: 'ignore',
    stderr: 'pipe',
    detached: true,
  })
  const told: string[] = []
  const url = Promise.withResolvers<string>()
  void readLines(child.stderr, (line) => {
    told.push(line)
    if (told.length > 100) told.shift()
    if (line.includes('"level":"error"')) process.stderr.write(`${line}\n`)
    const found = /\bhttps?:\/\/127\.0\.0\.1:\d+/.exec(line)
    if (line.startsWith('API ') && found) url.resolve(found[0])
  }).then(() => url.reject(new Error(`The server ended before it listened:\n${told.join('\n')}`)))
  const timer = setTimeout(() => url.reject(new Error(`The server did not start:\n${told.join('\n')}`)), startedWithinMs)
  const stop = async () => {
    child.kill('SIGTERM')
    await child.exited
    await endLeftPostgres(dataDir)
    await removeSlots(dataDir)
    await rm(dataDir, { recursive: true, force: true })
  }
  const kill = async () => {
    child.kill('SIGKILL')
    await child.exited
  }
  try {
    return { url: await url.promise, key, dataDir, pid: child.pid, cpuSeconds, kill, stop }
  } catch (error) {
    await stop()
    throw error
  } finally {
    clearTimeout(timer)
  }
}

/** The tmpfs of an installation outlives its server, so that containers do; nobody will adopt these. */
async function removeSlots(dataDir: string): Promise<void> {
  const installation = await installationOf(dataDir)
  if (installation === '') return
  const slots = join('/run/boilerhouse', installation)
  Bun.spawnSync(['umount', slots], { stderr: 'ignore' })
  await rm(slots, { recursive: true, force: true })
}

/** The id that everything of it carries as a label; empty before its first start. */
export const installationOf = async (dataDir: string): Promise<string> =>
  (await readFile(join(dataDir, 'installation'), 'utf8').catch(() => '')).trim()

async function readLines(stream: ReadableStream<Uint8Array>, tell: (line: string) => void): Promise<void> {
  let rest = ''
  const decoder = new TextDecoder()
  for await (const chunk of stream) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) tell(line)
  }
}

const ticksPerSecond = 100

/** User and system time of a process, as `/proc` tells it. */
async function cpuSeconds(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond
}
