import { mkdir, readFile, stat, writeFile } from 'node:fs/promises'

import { askEngine, engineSocket, type EngineInfo } from './engine-answer.ts'
import { createDebianPackages, hasDebianPackages } from './debian-packages.ts'
import type { Progress } from './progress.ts'
import { findProgram, lastLines, runCommand, systemPath } from './run-command.ts'
import { SetUpFailure } from './set-up-failure.ts'

const configPath = '/etc/docker/daemon.json'
const logPath = '/var/log/boilerhouse-dockerd.log'
const startDeadlineMs = 60_000

/**
 * An engine that answers: the one that is there, else the installed one started, else (as root on Debian or Ubuntu) the
 * distribution's, installed and started. A configuration that we did not write is never changed.
 */
export async function provideDockerEngine(progress: Progress): Promise<EngineInfo> {
  const socket = engineSocket(process.env['DOCKER_HOST'])
  if (socket === undefined) {
    throw new SetUpFailure(
      `DOCKER_HOST=${process.env['DOCKER_HOST']} leads to another machine`,
      "Run Boilerhouse on the engine's own host, and unset DOCKER_HOST or set it to unix:///var/run/docker.sock.",
    )
  }
  const first = await askEngine(socket, 5_000)
  if (first.kind === 'answers') return checked(first.info, progress)
  if (first.kind === 'denied') {
    throw new SetUpFailure(
      `This user may not use the Docker engine at ${socket}`,
      'Run `sudo usermod -aG docker "$USER"`, log in again, then run this again; or run it as root.',
    )
  }
  if (process.env['DOCKER_HOST']) {
    throw new SetUpFailure(
      `No engine answers at DOCKER_HOST=${process.env['DOCKER_HOST']} (${first.reason})`,
      'Start that engine, or unset DOCKER_HOST.',
    )
  }
  const isRoot = process.getuid?.() === 0
  const isInstalled = findProgram('dockerd') !== null
  if (!isRoot || (!isInstalled && !hasDebianPackages())) throw notOurs(isInstalled)
  if (!isInstalled) await install(progress)
  if (!(await answersWithin(socket, isInstalled ? 0 : 3_000))) await start(progress)
  return checked(await started(socket), progress)
}

function notOurs(isInstalled: boolean): SetUpFailure {
  if (isInstalled) {
    const isManaged = findProgram('systemctl') !== null
    return new SetUpFailure(
      'Docker is installed but does not answer, and only root can start it',
      `Run \`${isManaged ? 'sudo systemctl start docker' : 'sudo sh -c "setsid dockerd --live-restore >/var/log/dockerd.log 2>&1 &"'}\`, then run this again.`,
    )
  }
  return new SetUpFailure(
    'No Docker engine answers, and none is installed',
    hasDebianPackages()
      ? 'Run `sudo apt-get update && sudo apt-get install --no-install-recommends docker.io iptables && sudo usermod -aG docker "$USER"`, log in again, then run this again; or run it as root.'
      : 'Install the Docker engine with the package tool of your distribution and start it (`sudo systemctl start docker`), then run this again.',
  )
}

async function install(progress: Progress): Promise<void> {
  if (!(await isThere(configPath))) {
    await mkdir('/etc/docker', { recursive: true })
    await writeFile(configPath, `${JSON.stringify({ 'live-restore': true }, null, 2)}\n`)
  }
  await createDebianPackages(progress).install(['docker.io', 'iptables'])
  progress.done('Docker installed from the distribution')
}

async function start(progress: Progress): Promise<void> {
  if (await isThere('/run/systemd/system')) {
    progress.working('starting Docker (systemctl start docker)')
    const result = await runCommand(['systemctl', 'start', 'docker'])
    if (result.exitCode === 0) return
    throw new SetUpFailure(
      `systemd could not start Docker:\n${lastLines(result.output, 12)}`,
      'Read `journalctl -u docker`, correct it, then run this again.',
    )
  }
  progress.working(`starting dockerd in a session of its own; its log is ${logPath}`)
  const config = await readFile(configPath, 'utf8').catch(() => '')
  // Given twice, on the command line and in the file, dockerd refuses to start.
  const flags = config.includes('"live-restore"') ? '' : ' --live-restore'
  const child = Bun.spawn(['setsid', '--fork', 'sh', '-c', `exec dockerd${flags} >>${logPath} 2>&1`], {
    cwd: '/',
    stdin: 'ignore',
    stdout: 'ignore',
    stderr: 'ignore',
    env: { PATH: systemPath(), HOME: '/root' },
  })
  await child.exited
}

async function started(socket: string): Promise<EngineInfo> {
  if (await answersWithin(socket, startDeadlineMs)) {
    const answer = await askEngine(socket, 10_000)
    if (answer.kind === 'answers') return answer.info
  }
  const log = await readFile(logPath, 'utf8').catch(() => '')
  throw new SetUpFailure(
    `Docker was started but does not answer after ${startDeadlineMs / 1000} s${log ? `; the end of its log:\n${lastLines(log, 12)}` : ''}`,
    `Correct what the log says (${log ? logPath : '`journalctl -u docker`'}), then run this again.`,
  )
}

async function answersWithin(socket: string, deadlineMs: number): Promise<boolean> {
  const end = performance.now() + deadlineMs
  while (true) {
    if ((await askEngine(socket, 5_000)).kind === 'answers') return true
    if (performance.now() >= end) return false
    await Bun.sleep(100)
  }
}

async function checked(info: EngineInfo, progress: Progress): Promise<EngineInfo> {
  if (info.isDesktop) {
    throw new SetUpFailure(
      'The engine is Docker Desktop, whose containers run in a virtual machine that this host cannot reach',
      'Use the Docker engine of a Linux host: stop Docker Desktop, `sudo apt-get install docker.io`, and unset DOCKER_HOST.',
    )
  }
  if (!info.hasLiveRestore) {
    progress.note(
      `Docker runs without live-restore: restarting it ends every container. Your configuration is left alone; to change it, put\n  "live-restore": true\ninto ${configPath} and reload it (\`systemctl reload docker\`, or SIGHUP to dockerd).`,
    )
  }
  return info
}

const isThere = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  )
