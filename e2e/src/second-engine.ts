import { existsSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { runProgram } from './run-program.ts'

/** A Docker engine of a test's own beside the machine's, to be stopped, frozen and killed. It leaves the host's rules alone. */
export interface SecondEngine {
  /** For DOCKER_HOST. */
  readonly host: string
  /** With `live-restore` as it was asked for last, at first without. */
  start(options?: { readonly liveRestore: boolean }): Promise<void>
  /** SIGTERM or SIGKILL; resolves once the process is gone. */
  end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void>
  freeze(): void
  thaw(): void
  dispose(): Promise<void>
}

const answersWithinMs = 20_000

export async function createSecondEngine(): Promise<SecondEngine> {
  const root = await mkdtemp(join(tmpdir(), 'bh-engine-'))
  const socket = join(root, 'docker.sock')
  const at = (name: string) => join(root, name)
  const bridge = `e2e-${root.slice(-6)}`
  await ip('link', 'add', bridge, 'type', 'bridge')
  await ip('address', 'add', '192.0.2.1/28', 'dev', bridge)
  await ip('link', 'set', bridge, 'up')
  let child: Bun.Subprocess | undefined
  let isRestoring = false
  const places = ['--data-root', at('data'), '--exec-root', at('exec'), '--pidfile', at('pid'), '-H', `unix://${socket}`]
  // A bridge of its own: with none at all it would take the machine's docker0 away, and every build there would fail.
  const dockerd = ['dockerd', ...places, `--bridge=${bridge}`, '--iptables=false', '--ip-forward=false']
  const end = async (signal: NodeJS.Signals) => {
    child?.kill(signal)
    await child?.exited
  }
  return {
    host: `unix://${socket}`,
    async start(options) {
      if (isRunning(child)) return
      // A killed engine leaves them; the containerd that died with it may still be in the table of processes, and is no longer waited for.
      for (const left of ['pid', 'exec/containerd/containerd.pid']) await rm(at(left), { force: true })
      const log = Bun.file(at('log'))
      isRestoring = options?.liveRestore ?? isRestoring
      child = Bun.spawn([...dockerd, `--live-restore=${isRestoring}`], { stdin: 'ignore', stdout: log, stderr: log })
      await untilAnswers(socket, child, log)
    },
    end,
    freeze: () => child?.kill('SIGSTOP'),
    thaw: () => child?.kill('SIGCONT'),
    async dispose() {
      child?.kill('SIGCONT')
      await end('SIGTERM')
      await killBelow(root)
      await unmountBelow(root)
      await ip('link', 'delete', bridge)
      await rm(root, { recursive: true, force: true })
    },
  }
}

async function ip(...words: readonly string[]): Promise<void> {
  const { exitCode, stderr } = await runProgram(['ip', ...words], { cwd: '/', env: { PATH: process.env['PATH'] ?? '' } })
  if (exitCode !== 0) throw new Error(`ip ${words.join(' ')} failed: ${stderr}`)
}

const isRunning = (child: Bun.Subprocess | undefined): boolean =>
  child !== undefined && child.exitCode === null && child.signalCode === null

async function untilAnswers(socket: string, child: Bun.Subprocess, log: Bun.BunFile): Promise<void> {
  const deadline = performance.now() + answersWithinMs
  for (;;) {
    const isUp =
      existsSync(socket) &&
      (await fetch('http://engine/_ping', { unix: socket }).then(
        ({ ok }) => ok,
        () => false,
      ))
    if (isUp) return
    if (!isRunning(child) || performance.now() > deadline) throw new Error(`the engine did not start:\n${await log.text()}`)
    await Bun.sleep(50)
  }
}

/** Shims and a containerd that a killed engine left: those that name its directory. */
async function killBelow(root: string): Promise<void> {
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    const argv = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')
    if (argv.includes(`${root}/`) && argv.includes('containerd')) process.kill(Number(pid), 'SIGKILL')
  }
}

async function unmountBelow(root: string): Promise<void> {
  const mounts = (await readFile('/proc/self/mounts', 'utf8')).split('\n').map((line) => line.split(' ')[1] ?? '')
  const ours = mounts.filter((path) => path.startsWith(`${root}/`)).toReversed()
  for (const path of ours) await runProgram(['umount', '-l', path], { cwd: '/', env: { PATH: process.env['PATH'] ?? '' } })
}
