import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { createClient, type Client } from '@boilerhouse/client'

import { createApi, type Api } from './api.ts'
import { repository } from './checkout.ts'
import { leftovers } from './leftovers.ts'
import { runProgram, type Ran } from './run-program.ts'
import { createServerProcess } from './server-process.ts'
import { beginSession, type SystemUser } from './system-user.ts'
import { within } from './within.ts'

/** One server process on real parts, with a data directory of its own below directories that only their owner may read. */
export interface Installation {
  readonly dataDir: string
  readonly url: string
  readonly proxyUrl: string
  readonly client: Client
  readonly env: Readonly<Record<string, string>>
  /** One HTTP call with the admin key; the answer's status is the caller's to judge. */
  readonly api: Api
  /** What labels everything of it in the engine; there once it was started. */
  id(): Promise<string>
  adminKey(): Promise<string>
  pid(): number
  /** What the server wrote since it was last started. */
  log(): string
  /** Resolves once it says that it is ready. */
  start(): Promise<void>
  /** Ctrl-C. Resolves to the exit code. */
  interrupt(): Promise<number>
  /** kill -9 of the server process alone. */
  kill(): Promise<void>
  cli(...argv: readonly string[]): Promise<Ran>
  /** Drains every pool, stops, and removes what is left. Throws where something of it stays on this machine. */
  dispose(): Promise<void>
}

export interface InstallationOptions {
  /** The checkout whose program runs; this one where not given. */
  readonly checkout?: string
  /** As `npm start` does, instead of the program alone. */
  readonly viaNpm?: boolean
  /** Another server over the data directory of this one. */
  readonly beside?: Installation
  readonly env?: Readonly<Record<string, string>>
  /** What the program is asked to do; `up` without examples where not given. */
  readonly command?: readonly string[]
  /** Who runs it, and the command line; this process's user where not given. */
  readonly user?: SystemUser
  /** What it writes once it is ready. */
  readonly readyMark?: string
}

export async function createInstallation(options: InstallationOptions = {}): Promise<Installation> {
  const { checkout = repository, viaNpm = false, command = ['up', '--no-examples'], beside } = options
  const home =
    beside === undefined ? await mkdtemp(join(options.user ? '/tmp' : tmpdir(), 'boilerhouse-e2e-')) : join(beside.dataDir, '..')
  const dataDir = join(home, 'data')
  const [port, proxyPort] = [await freePort(), await freePort()]
  const session = await beginSession(home, options.user)
  const env = {
    ...inherited(),
    ...session.env,
    HOME: home,
    BOILERHOUSE_DATA_DIR: dataDir,
    BOILERHOUSE_PORT: `${port}`,
    BOILERHOUSE_PROXY_PORT: `${proxyPort}`,
    ...options.env,
  }
  const url = `http://127.0.0.1:${port}`
  const argv = viaNpm
    ? ['npm', 'start', '--silent']
    : [join(checkout, '.tools/bun'), join(checkout, 'apps/boilerhouse/src/main.ts'), ...command]
  const readyMark = options.readyMark ?? 'Boilerhouse is ready'
  const server = createServerProcess({ argv: [...session.as, ...argv], cwd: checkout, env, readyMark })
  let client: Client | undefined
  const file = async (name: string) => (await Bun.file(join(dataDir, name)).text()).trim()
  const cli = (...words: readonly string[]) =>
    runProgram([...session.as, join(checkout, 'boilerhouse'), ...words], { cwd: '/', env })
  const api = createApi(url, () => file('admin.key'))
  return {
    dataDir,
    url,
    proxyUrl: `http://127.0.0.1:${proxyPort}`,
    env,
    get client() {
      if (!client) throw new Error('Cannot give a client: the server was not started yet')
      return client
    },
    api,
    id: () => file('installation'),
    adminKey: () => file('admin.key'),
    pid: server.pid,
    log: server.log,
    async start() {
      await server.start()
      client ??= createClient({ baseUrl: url, key: await file('admin.key') })
    },
    interrupt: () => server.end('SIGINT'),
    kill: async () => void (await server.end('SIGKILL')),
    cli,
    async dispose() {
      if (beside !== undefined) return void (await server.end('SIGINT'))
      if (!server.isRunning()) await server.start()
      await drainEverything(api)
      await server.end('SIGINT')
      const left = await leftovers(await file('installation'), home)
      await rm(home, { recursive: true, force: true })
      await session.end()
      if (left.length > 0) throw new Error(`left behind on this machine: ${left.join(', ')}`)
    },
  }
}

async function drainEverything(api: Api): Promise<void> {
  const pools = async () => (await api<{ items: { id: string }[] }>('GET', '/api/v1/pools?limit=500')).body.items
  for (const { id } of await pools()) await api('DELETE', `/api/v1/pools/${id}`)
  await within(90_000, 'every pool is drained', async () => (await pools()).length === 0)
}

/** What a login shell has; nothing of ours. */
function inherited(): Record<string, string> {
  const names = ['PATH', 'LANG', 'TERM', 'BH_TEST_RUN', 'npm_config_cache']
  return Object.fromEntries(names.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])))
}

/** A port that was free a moment ago. */
function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => (address !== null && typeof address === 'object' ? resolve(address.port) : reject(new Error('no port'))))
    })
  })
}
