import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

/** Where the host keeps a container's figures; v1 has a hierarchy a controller, v2 one for all. */
export type CgroupDirs =
  | { readonly version: 1; readonly cpu: string; readonly memory: string }
  | { readonly version: 2; readonly all: string }

export interface CgroupUsage {
  readonly cpuSeconds: number
  readonly memoryBytes: number
}

/** Mount points of the hierarchies by controller; `''` is v2's. From `/proc/self/mountinfo`. */
export function parseCgroupMounts(mountinfo: string): ReadonlyMap<string, string> {
  const mounts = new Map<string, string>()
  for (const line of mountinfo.split('\n')) {
    const [left = '', right = ''] = line.split(' - ')
    const mountPoint = left.split(' ')[4] ?? ''
    const [type = '', , options = ''] = right.split(' ')
    if (type === 'cgroup2') mounts.set('', mountPoint)
    if (type === 'cgroup') for (const controller of options.split(',')) mounts.set(controller, mountPoint)
  }
  return mounts
}

/** Directories of the process whose `/proc/<pid>/cgroup` this is; undefined where the host shows none. */
export function cgroupDirsOf(mounts: ReadonlyMap<string, string>, procCgroup: string): CgroupDirs | undefined {
  const paths = new Map<string, string>()
  for (const line of procCgroup.trim().split('\n')) {
    const [, controllers = '', ...path] = line.split(':')
    for (const controller of controllers.split(',')) paths.set(controller, path.join(':'))
  }
  const dirOf = (controller: string) => {
    const [mount, path] = [mounts.get(controller), paths.get(controller)]
    return mount !== undefined && path !== undefined ? join(mount, path) : undefined
  }
  const [cpu, memory, all] = [dirOf('cpuacct'), dirOf('memory'), dirOf('')]
  // A hybrid host mounts both, with the controllers in v1.
  if (cpu && memory) return { version: 1, cpu, memory }
  return all ? { version: 2, all } : undefined
}

/** Memory without what the kernel would give back at once, as `docker stats` counts it. */
export async function readCgroupUsage(dirs: CgroupDirs): Promise<CgroupUsage> {
  if (dirs.version === 1) {
    const [cpu, memory, stat] = await Promise.all([
      readFile(join(dirs.cpu, 'cpuacct.usage'), 'utf8'),
      readFile(join(dirs.memory, 'memory.usage_in_bytes'), 'utf8'),
      readFile(join(dirs.memory, 'memory.stat'), 'utf8'),
    ])
    return { cpuSeconds: Number(cpu) / 1e9, memoryBytes: used(memory, field(stat, 'total_inactive_file')) }
  }
  const [cpu, memory, stat] = await Promise.all([
    readFile(join(dirs.all, 'cpu.stat'), 'utf8'),
    readFile(join(dirs.all, 'memory.current'), 'utf8'),
    readFile(join(dirs.all, 'memory.stat'), 'utf8'),
  ])
  return { cpuSeconds: field(cpu, 'usage_usec') / 1e6, memoryBytes: used(memory, field(stat, 'inactive_file')) }
}

const used = (memory: string, inactiveBytes: number) => Math.max(0, Number(memory) - inactiveBytes)

const field = (text: string, name: string): number => Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(text)?.[1] ?? 0)
