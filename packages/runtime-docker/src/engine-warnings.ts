/** What `/info` tells that matters here. */
export interface EngineInfo {
  readonly LiveRestoreEnabled?: boolean
  readonly MemoryLimit?: boolean
  readonly CpuCfsQuota?: boolean
  readonly PidsLimit?: boolean
  readonly SecurityOptions?: readonly string[]
  readonly Driver?: string
  readonly Warnings?: readonly string[] | null
}

/** What keeps an engine from giving containers the walls and the life they should have, each with what to do. */
export function engineWarnings(info: EngineInfo): readonly string[] {
  const options = info.SecurityOptions ?? []
  const missing: readonly (readonly [boolean, string])[] = [
    [
      info.LiveRestoreEnabled === false,
      'live-restore is off: a restart of the engine ends every container. Add "live-restore": true to /etc/docker/daemon.json',
    ],
    [info.MemoryLimit === false, 'The kernel gives the engine no memory limits: boot with cgroup_enable=memory'],
    [info.CpuCfsQuota === false, 'The kernel gives the engine no cpu limits (CFS quota)'],
    [info.PidsLimit === false, 'The kernel gives the engine no limit of processes (pids cgroup)'],
    [!options.some((option) => option.startsWith('name=seccomp')), 'Seccomp is off: containers may make every system call'],
    [info.Driver === 'vfs', 'The storage driver is vfs: every container copies its image'],
  ]
  const own = missing.flatMap(([isMissing, warning]) => (isMissing ? [warning] : []))
  return [...own, ...(info.Warnings ?? []).filter((warning) => /cgroup|memory|pids|cpu/i.test(warning))]
}
