import { existsSync } from 'node:fs'
import { readdir, readFile, readlink } from 'node:fs/promises'

import { engine, engineContainers, labelled } from './engine.ts'
import { runProgram } from './run-program.ts'

/** What an installation left on this machine, in words. Nothing is cleaned here: who leaves something behind is at fault. */
export async function leftovers(installation: string, home: string): Promise<readonly string[]> {
  const networks: { Name: string }[] = await engine('GET', `/networks?filters=${labelled(installation)}`)
  return [
    ...(await engineContainers(installation)).map((name) => `container ${name}`),
    ...networks.map(({ Name }) => `network ${Name}`),
    ...(existsSync(`/run/boilerhouse/${installation}`) ? [`slots /run/boilerhouse/${installation}`] : []),
    ...(await mountsOf(installation, home)),
    ...(await processesOf(home)),
    ...(await wallsWithoutBridge()),
  ]
}

async function mountsOf(installation: string, home: string): Promise<readonly string[]> {
  const points = (await readFile('/proc/self/mounts', 'utf8')).split('\n').map((line) => line.split(' ')[1] ?? '')
  return points.filter((point) => point.includes(installation) || point.startsWith(home)).map((point) => `mount ${point}`)
}

/** Processes that name the directory or work in it. */
export async function processesOf(home: string): Promise<readonly string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  const found = await Promise.all(
    pids.map(async (pid) => {
      const [command, cwd] = await Promise.all([
        readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => ''),
        readlink(`/proc/${pid}/cwd`).catch(() => ''),
      ])
      return command.includes(home) || cwd.startsWith(home) ? [`process ${pid} ${command.replaceAll('\0', ' ')}`] : []
    }),
  )
  return found.flat()
}

/** The chains are shared by every installation: they may stay while any of them has a bridge. */
async function wallsWithoutBridge(): Promise<readonly string[]> {
  const hasBridge = async () => (await readdir('/sys/class/net')).some((name) => /^bh[nu][0-9a-f]{11}$/.test(name))
  if (await hasBridge()) return []
  const { stdout } = await runProgram(['iptables', '-w', '-S'], { cwd: '/', env: { PATH: process.env['PATH'] ?? '' } })
  return stdout.includes('BOILERHOUSE') && !(await hasBridge()) ? ['firewall chains'] : []
}
