import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { createClient, type Client } from '@boilerhouse/client'

import { repository } from './checkout.ts'
import { runProgram, type Ran } from './run-program.ts'

/** One server process on real parts, with a data directory of its own below directories that only their owner may read. */
export interface Installation {
  readonly dataDir: string
  readonly url: string
  readonly proxyUrl: string
  readonly client: Client
  readonly env: Readonly<Record<string, string>>
  /** What the server wrote since it was last started. */
  log(): string
  /** Resolves once it says that it is ready. */
  start(): Promise<void>
  /** Ctrl-C. Resolves to the exit code. */
  interrupt(): Promise<number>
  /** kill -9 of the server process alone. */
  kill(): Promise<void>
  cli(...argv: readonly string[]): Promise<Ran>
  /** Drains every pool, stops, and removes what is left. */
  dispose(): Promise<void>
}

export interface InstallationOptions {
  /** The checkout whose program runs; this one where not given. */
  readonly checkout?: string
  /** As `npm start` does, instead of the program alone. */
  readonly viaNpm?: boolean
  readonly env?: Readonly<Record<string, string>>
  readonly args?: readonly string[]
}

const startWithinMs = 60_000

export async function createInstallation(options: InstallationOptions = {}): Promise<Installation> {
  const { checkout = repository, viaNpm = false, args = [] } = options
  const home = await mkdtemp(join(tmpdir(), 'boilerhouse-e2e-'))
  const dataDir = join(home, 'data')
  const [port, proxyPort] = [await freePort(), await freePort()]
  const env = {
    ...inherited(),
    HOME: home,
    BOILERHOUSE_DATA_DIR: dataDir,
    BOILERHOUSE_PORT: `${port}`,
    BOILERHOUSE_PROXY_PORT: `${proxyPort}`,
    ...options.env,
  }
  const url = `http://127.0.0.1:${port}`
  const argv = viaNpm
    ? ['npm', 'start', '--silent']
    : [join(checkout, '.tools/bun'), join(checkout, 'apps/boilerhouse/src/main.ts'), 'up', ...args]
  const server = createServerProcess(argv, checkout, env)
  let client: Client | undefined
  const cli = (...command: readonly string[]) => runProgram([join(checkout, 'boilerhouse'), ...command], { cwd: '/', env })
  return {
    dataDir,
    url,
    proxyUrl: `http://127.0.0.1:${proxyPort}`,
    env,
    get client() {
      if (!client) throw new Error('Cannot give a client: the server was not started yet')
      return client
    },
    log: server.log,
    async start() {
      await server.start()
      client ??= createClient({ baseUrl: url, key: (await Bun.file(join(dataDir, 'admin.key')).text()).trim() })
    },
    interrupt: () => server.end('SIGINT'),
    kill: async () => void (await server.end('SIGKILL')),
    cli,
    async dispose() {
      if (!server.isRunning()) await server.start()
      await drainEverything(cli)
      await server.end('SIGINT')
      await rm(home, { recursive: true, force: true })
    },
  }
}

interface ServerProcess {
  log(): string
  isRunning(): boolean
  start(): Promise<void>
  end(signal: NodeJS.Signals): Promise<number>
}

function createServerProcess(argv: readonly string[], cwd: string, env: Readonly<Record<string, string>>): ServerProcess {
  let child: Bun.Subprocess<'ignore', 'pipe', 'pipe'> | undefined
  let text = ''
  const drain = async (stream: ReadableStream<Uint8Array>, onText: () => void) => {
    const decoder = new TextDecoder()
    for await (const chunk of stream) {
      text += decoder.decode(chunk, { stream: true })
      onText()
    }
  }
  return {
    log: () => text,
    isRunning: () => child !== undefined && child.exitCode === null && child.signalCode === null,
    async start() {
      text = ''
      const ready = Promise.withResolvers<void>()
      const started = Bun.spawn([...argv], { cwd, env, stdin: 'ignore', stdout: 'pipe', stderr: 'pipe' })
      child = started
      const onText = () => void (text.includes('Boilerhouse is ready') && ready.resolve())
      void drain(started.stdout, onText)
      void drain(started.stderr, onText)
      const ended = started.exited.then((code) => Promise.reject(new Error(`the server ended with ${code}:\n${text}`)))
      const late = Bun.sleep(startWithinMs).then(() =>
        Promise.reject(new Error(`the server was not ready in ${startWithinMs} ms:\n${text}`)),
      )
      for (const lost of [ended, late]) lost.catch(() => {}) // told by the race, where they win it
      await Promise.race([ready.promise, ended, late])
    },
    async end(signal) {
      child?.kill(signal)
      return (await child?.exited) ?? 0
    },
  }
}

async function drainEverything(cli: (...argv: readonly string[]) => Promise<Ran>): Promise<void> {
  const pools = async (): Promise<readonly { id: string }[]> => JSON.parse((await cli('pool', 'list', '--json')).stdout).items
  for (const { id } of await pools()) await cli('pool', 'delete', id)
  const deadline = performance.now() + 60_000
  while ((await pools()).length > 0) {
    if (performance.now() > deadline) throw new Error('the pools did not drain within 60 s')
    await Bun.sleep(100)
  }
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
