import { arch, cpus, loadavg, release, totalmem } from 'node:os'

/** What the figures were taken on: a speed without its machine says nothing. */
export interface Machine {
  readonly cpus: number
  readonly model: string
  readonly memoryMb: number
  readonly kernel: string
  readonly arch: string
  readonly bun: string
  readonly engine: string
  readonly commit: string
  /** Of the minute before the run: whether somebody else used the machine. */
  readonly loadBefore: number
}

export function describeMachine(engine: string): Machine {
  return {
    cpus: cpus().length,
    model: cpus()[0]?.model ?? 'unknown',
    memoryMb: Math.round(totalmem() / 1_048_576),
    kernel: release(),
    arch: arch(),
    bun: Bun.version,
    engine,
    commit: commitOf(import.meta.dirname),
    loadBefore: Number(loadavg()[0]?.toFixed(2)),
  }
}

function commitOf(directory: string): string {
  const { success, stdout } = Bun.spawnSync(['git', 'describe', '--always', '--dirty'], { cwd: directory, stderr: 'ignore' })
  return success ? stdout.toString().trim() : 'unknown'
}
