import { spawn, spawnSync } from 'node:child_process'
import { openSync, closeSync } from 'node:fs'

/**
 * Postgres refuses to run as root, and as a user without a name. In a user namespace of its own, such a user is shown to it as uid 1
 * (a name every Linux has) without a capability, while the kernel still sees the owner of the server's files: no system user is
 * made, and directories with mode 0700 can be passed.
 */
function command(program: string, args: readonly string[]): [string, readonly string[]] {
  if (process.getuid?.() !== 0 && hasName()) return [program, args]
  return ['unshare', ['--user', '--map-user=1', '--map-group=1', '--', program, ...args]]
}

/** As Postgres itself asks; a container's arbitrary uid has none. */
const hasName = (): boolean => spawnSync('id', ['-un'], { stdio: 'ignore', env: environment }).status === 0

/** Clean: settings of libpq and of the shell's locale must not reach the database. */
const environment = { PATH: '/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin', LC_ALL: 'C', TZ: 'UTC' }

export interface RunResult {
  readonly exitCode: number
  readonly output: string
}

/** Runs a program to its end, in `/`: the caller's directory may be out of its reach. */
export async function runUnprivileged(program: string, args: readonly string[]): Promise<RunResult> {
  const [file, argv] = command(program, args)
  const child = spawn(file, argv, { cwd: '/', env: environment, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()))
  return await new Promise((resolve) => {
    child.on('error', (error) => resolve({ exitCode: 127, output: error.message }))
    child.on('close', (code) => resolve({ exitCode: code ?? 128, output }))
  })
}

/** What it printed, or undefined where it could not be run. */
export async function canRun(program: string, args: readonly string[]): Promise<string | undefined> {
  const { exitCode, output } = await runUnprivileged(program, args)
  return exitCode === 0 ? output : undefined
}

/** Starts a program in a process session of its own: neither Ctrl-C nor the end of this process reaches it. */
export function spawnDetached(program: string, args: readonly string[], logFile: string): { readonly pid: number | undefined } {
  const [file, argv] = command(program, args)
  const log = openSync(logFile, 'a', 0o600)
  try {
    const child = spawn(file, argv, { cwd: '/', env: environment, detached: true, stdio: ['ignore', log, log] })
    child.on('error', () => {}) // the caller sees that nothing answers, and reports the log
    child.unref()
    return { pid: child.pid }
  } finally {
    closeSync(log)
  }
}
