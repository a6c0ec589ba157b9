import { readdir, readFile, readlink } from 'node:fs/promises'

import { engineSocket } from '../bootstrap/engine-answer.ts'
import { runCommand } from '../bootstrap/run-command.ts'

/** What tests could leave behind, by kind: names that a person can look up. */
export type MachineState = ReadonlyMap<string, ReadonlySet<string>>

export interface Watched {
  readonly mark: readonly [string, string]
  readonly scratch: string
}

/** Looks at the engine, the network, mounts, temporary files and the processes of this run. */
export async function machineState({ mark, scratch }: Watched): Promise<MachineState> {
  const [containers, networks, volumes, links, mounts, chains, temporary, slots, processes] = await Promise.all([
    engineNames('/containers/json?all=1', (item) => `${nameOf(item)} (${String(item['State'])})`),
    engineNames('/networks', nameOf),
    engineNames('/volumes', nameOf),
    names('/sys/class/net', /^bh/),
    mountPoints(),
    firewallRules(),
    names('/tmp', /boilerhouse|^bh/),
    names('/run/boilerhouse', /./),
    runningProcesses(mark, scratch),
  ])
  return new Map([
    ['container', containers],
    ['network', networks],
    ['volume', volumes],
    ['link', links],
    ['mount', mounts],
    ['firewall rule', chains],
    ['temporary file', temporary],
    ['slots of an installation', slots],
    ['process', processes],
  ])
}

/** What is there now and was not before. */
export function leftBehind(before: MachineState, after: MachineState): readonly string[] {
  return [...after].flatMap(([kind, now]) =>
    [...now].filter((name) => !before.get(kind)?.has(name)).map((name) => `${kind} ${name}`),
  )
}

type EngineItem = Readonly<Record<string, unknown>>

function nameOf(item: EngineItem): string {
  const names: unknown = item['Names']
  return Array.isArray(names) ? String(names[0]).replace('/', '') : String(item['Name'])
}

async function engineNames(path: string, show: (item: EngineItem) => string): Promise<ReadonlySet<string>> {
  const response = await fetch(`http://engine${path}`, {
    unix: engineSocket(process.env['DOCKER_HOST']) ?? '',
    signal: AbortSignal.timeout(20_000),
  })
  const body = (await response.json()) as EngineItem[] | { Volumes?: EngineItem[] | null }
  return new Set((Array.isArray(body) ? body : (body.Volumes ?? [])).map(show))
}

async function names(directory: string, pattern: RegExp): Promise<ReadonlySet<string>> {
  const entries = await readdir(directory).catch(() => [])
  return new Set(entries.filter((name) => pattern.test(name)).map((name) => `${directory}/${name}`))
}

/** Mounts of ours alone: the engine's overlays come and go with its containers, which are compared themselves. */
async function mountPoints(): Promise<ReadonlySet<string>> {
  const text = await readFile('/proc/self/mounts', 'utf8')
  const points = text.split('\n').map((line) => line.split(' ')[1] ?? '')
  return new Set(points.filter((point) => /boilerhouse|\/bh-/.test(point)))
}

async function firewallRules(): Promise<ReadonlySet<string>> {
  const { exitCode, output } = await runCommand(['iptables', '-w', '-S'])
  return new Set(exitCode === 0 ? output.split('\n').filter((rule) => /BOILERHOUSE|\bbh[nu]/.test(rule)) : [])
}

/** Processes that carry the mark of this run, or work in its directory, whatever session they are in. */
async function runningProcesses([name, value]: Watched['mark'], scratch: string): Promise<ReadonlySet<string>> {
  const pids = (await readdir('/proc')).filter((entry) => /^\d+$/.test(entry) && Number(entry) !== process.pid)
  const found = await Promise.all(
    pids.map(async (pid) => {
      const read = (file: string) => readFile(`/proc/${pid}/${file}`, 'utf8').catch(() => '')
      const [environment, command, cwd] = await Promise.all([
        read('environ'),
        read('cmdline'),
        readlink(`/proc/${pid}/cwd`).catch(() => ''),
      ])
      const isOurs = environment.includes(`${name}=${value}`) || command.includes(scratch) || cwd.startsWith(scratch)
      return isOurs ? [`${pid} ${command.replaceAll('\0', ' ').trim().slice(0, 120)}`] : []
    }),
  )
  return new Set(found.flat())
}
