import { readFileSync } from 'node:fs'
import type { Readable } from 'node:stream'

import { Fault, type Clock, type ContainerId } from '@boilerhouse/base'
import type { ExecRequest, ExecResult } from '@boilerhouse/runtime'
import type Docker from 'dockerode'

import type { Engine } from './engine.ts'
import { FrameSplitter, type Frame } from './frames.ts'
import { unstartedExec } from './unstarted-exec.ts'
import { isErrno } from './volumes/entries.ts'

export interface ExecDeps {
  /** The static one as processes in the container find it. */
  readonly busybox?: string
  readonly engine: Engine
  readonly clock: Clock
  readonly inspect: (containerId: ContainerId, signal: AbortSignal) => Promise<Docker.ContainerInspectInfo | undefined>
}

export interface ExecStart {
  readonly command: readonly string[]
  readonly workingDir?: string
  readonly hasStdin: boolean
}

/** A process that was started in a container of ours, as the container's user. */
export interface RunningExec {
  /** Both streams, interleaved as they came; ends with the process. Backpressure reaches the process. */
  readonly frames: AsyncIterable<Frame>
  readonly stdin: NodeJS.WritableStream
  /** After `frames` ended. `hasStarted` is false where there never was a process, and the frames are the engine's own words. */
  end(signal: AbortSignal): Promise<{ readonly exitCode: number; readonly hasStarted: boolean }>
  /** Kills its whole process group and ends the streams. */
  kill(): Promise<void>
}

const killTimeoutMs = 5000

export async function startExec(
  deps: ExecDeps,
  containerId: ContainerId,
  start: ExecStart,
  signal: AbortSignal,
): Promise<RunningExec> {
  const { engine } = deps
  const info = await deps.inspect(containerId, signal)
  if (!info) throw new Fault('runtime.container_gone', `The engine no longer has the container ${containerId}`)
  const call = (name: string) => ({ name, subject: 'container', signal }) as const
  const exec = await engine.call(call('exec.create'), (docker) =>
    docker.getContainer(info.Id).exec({
      Cmd: [...start.command],
      AttachStdin: start.hasStdin,
      AttachStdout: true,
      AttachStderr: true,
      ...(start.workingDir === undefined ? {} : { WorkingDir: start.workingDir }),
    }),
  )
  const stream = await engine.call(call('exec.start'), () => exec.start({ hijack: start.hasStdin, stdin: start.hasStdin }))
  return {
    frames: framesOf(stream),
    stdin: stream,
    async end(endSignal) {
      const ended = await engine.call({ ...call('exec.inspect'), signal: endSignal }, () => exec.inspect())
      return { exitCode: ended.ExitCode ?? -1, hasStarted: ended.Running || ended.Pid !== 0 }
    },
    async kill() {
      const killSignal = AbortSignal.timeout(killTimeoutMs)
      const look = () => engine.call({ ...call('exec.inspect'), signal: killSignal }, () => exec.inspect())
      try {
        let running = await look()
        // The engine answers before the process is there.
        while (running.Running && running.Pid === 0) {
          await deps.clock.sleep(10, killSignal)
          running = await look()
        }
        if (running.Running) await killGroup(engine, { ...deps, pid: running.Pid, engineId: info.Id, signal: killSignal })
      } finally {
        stream.destroy()
      }
    },
  }
}

export const createExec =
  (deps: ExecDeps) =>
  async (containerId: ContainerId, request: ExecRequest, signal: AbortSignal): Promise<ExecResult> => {
    const start = { command: request.command, hasStdin: request.stdin !== undefined }
    const running = await startExec(
      deps,
      containerId,
      { ...start, ...(request.workingDir ? { workingDir: request.workingDir } : {}) },
      signal,
    )
    if (request.stdin) running.stdin.end(Buffer.from(request.stdin))
    const timer = new AbortController()
    const stop = AbortSignal.any([signal, timer.signal])
    const end = deps.clock.sleep(request.timeoutMs, stop).then(() => 'end' as const)
    try {
      const output = collect(running.frames, request.maxOutputBytes)
      // What it reads after the kill is nobody's any more.
      output.catch(() => {})
      const collected = await Promise.race([output, end])
      if (collected === 'end') {
        await running.kill()
        signal.throwIfAborted()
        throw new Fault('container.exec_timeout', `The command did not end within ${request.timeoutMs} ms and was killed`)
      }
      const { exitCode, hasStarted } = await running.end(signal)
      return hasStarted ? { exitCode, ...collected } : unstartedExec(collected)
    } finally {
      timer.abort()
    }
  }

async function* framesOf(stream: NodeJS.ReadableStream): AsyncGenerator<Frame> {
  const splitter = new FrameSplitter()
  for await (const chunk of stream as Readable) yield* splitter.push(chunk as Uint8Array)
}

export async function collect(frames: AsyncIterable<Frame>, maxBytes: number): Promise<Omit<ExecResult, 'exitCode'>> {
  const parts = { stdout: new CutBuffer(maxBytes), stderr: new CutBuffer(maxBytes) }
  for await (const frame of frames) parts[frame.stream].push(frame.bytes)
  const { stdout, stderr } = parts
  return { stdout: stdout.bytes(), stderr: stderr.bytes(), truncated: stdout.isCut || stderr.isCut }
}

/** Goes on reading after the limit, so that the process does not hang on a full pipe. */
class CutBuffer {
  readonly #maxBytes: number
  readonly #parts: Uint8Array[] = []
  #sizeBytes = 0
  isCut = false

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  push(bytes: Uint8Array): void {
    const room = this.#maxBytes - this.#sizeBytes
    if (bytes.length > room) this.isCut = true
    const taken = bytes.subarray(0, room)
    this.#sizeBytes += taken.length
    if (taken.length > 0) this.#parts.push(taken)
  }

  bytes(): Uint8Array {
    return Buffer.concat(this.#parts)
  }
}

interface ProcessGroup {
  readonly pid: number
  readonly engineId: string
  readonly busybox?: string
  readonly signal: AbortSignal
}

/** The engine gives each exec a session of its own, so its group is all it started; the cgroup tells that the pid is still its. */
async function killGroup(engine: Engine, group: ProcessGroup): Promise<void> {
  const { pid, engineId } = group
  try {
    if (!readFileSync(`/proc/${pid}/cgroup`, 'utf8').includes(engineId)) return
    process.kill(-pid, 'SIGKILL')
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ESRCH')) return
    if (!isErrno(error, 'EPERM')) throw error
    await killFromInside(engine, group)
  }
}

/** Processes of another user than the server's: one of theirs may, under the number that the container knows them by. */
async function killFromInside(
  engine: Engine,
  { pid, engineId, busybox = '/boilerhouse/bin/busybox', signal }: ProcessGroup,
): Promise<void> {
  const numbers = /^NSpid:\s*(.*)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
  const inside = numbers?.split(/\s+/).at(-1)
  if (inside === undefined) return
  await engine.call({ name: 'exec.kill', subject: 'container', signal }, async (docker) => {
    const Cmd = [busybox, 'kill', '-KILL', '--', `-${inside}`]
    const exec = await docker.getContainer(engineId).exec({ Cmd, AttachStdout: true, AttachStderr: true })
    const output = (await exec.start({})) as Readable
    for await (const chunk of output) void chunk
  })
}
