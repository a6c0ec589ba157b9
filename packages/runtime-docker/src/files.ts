import { randomUUID } from 'node:crypto'

import { Fault, type ContainerId } from '@boilerhouse/base'
import type { Runtime } from '@boilerhouse/runtime'

import { collect, createExec, startExec, type ExecDeps, type RunningExec } from './exec.ts'
import { cleanCommand, fileExits, readCommand, writeCommand } from './file-scripts.ts'
import type { Frame } from './frames.ts'

const messageBytes = 4096

/** Files of a container, read and written by a process in it as its user. Both ways are streamed: nothing is held whole. */
export function createFiles(deps: ExecDeps): Pick<Runtime, 'readFile' | 'writeFile'> {
  return {
    async readFile(containerId, path, signal) {
      const running = await startExec(deps, containerId, { command: readCommand(checked(path)), hasStdin: false }, signal)
      const frames = running.frames[Symbol.asyncIterator]()
      const head = await readHead(frames)
      if ('stderr' in head) throw fileFault(await running.exitCode(signal), path, head.stderr)
      const body = bodyOf(head.rest, frames, running, signal)
      if (head.line === 'd') return { kind: 'directory', body }
      const sizeBytes = Number(head.line.slice(2))
      return { kind: 'file', ...(sizeBytes > 0 ? { sizeBytes } : {}), body }
    },
    async writeFile(containerId, path, body, limitBytes, signal) {
      const temporary = `.boilerhouse-${randomUUID()}`
      const command = writeCommand(checked(path), temporary)
      const running = await startExec(deps, containerId, { command, hasStdin: true }, signal)
      const output = collect(running.frames, messageBytes)
      try {
        const sent = pump(body, running.stdin, limitBytes, signal)
        // A script that refuses ends before its input does.
        await Promise.race([sent.done, output])
        signal.throwIfAborted()
        sent.stop()
        const { stderr } = await output
        const exitCode = await running.exitCode(signal)
        if (exitCode !== 0) throw fileFault(exitCode, path, Buffer.from(stderr).toString())
        return { sizeBytes: await sent.done }
      } catch (error) {
        output.catch(() => {})
        if (!(error instanceof Fault) || error.code === 'request.too_large')
          await undo(deps, containerId, path, temporary, running)
        throw error
      }
    },
  }
}

function checked(path: string): string {
  if (path.startsWith('/') && !path.includes('\0')) return path
  throw new Fault('request.invalid', 'Cannot use this path: it has to be absolute and without NUL', {
    errors: [{ pointer: '/path', detail: 'has to be absolute and without NUL' }],
  })
}

async function undo(
  deps: ExecDeps,
  containerId: ContainerId,
  path: string,
  temporary: string,
  running: RunningExec,
): Promise<void> {
  await running.kill()
  const request = { command: cleanCommand(path, temporary), timeoutMs: 5000, maxOutputBytes: messageBytes }
  await createExec(deps)(containerId, request, AbortSignal.timeout(10_000))
}

function fileFault(exitCode: number, path: string, stderr: string): Fault {
  if (exitCode === fileExits.missing) return new Fault('container.file_not_found', `There is no ${path} in the container`)
  if (exitCode === fileExits.notAFile)
    return new Fault('container.file_denied', `${path} is neither a file nor a directory to use`)
  const why = stderr.trim() === '' ? "the container's user may not" : stderr.trim()
  return new Fault('container.file_denied', `Cannot use ${path}: ${why}`)
}

type Head = { readonly line: string; readonly rest: Uint8Array } | { readonly stderr: string }

async function readHead(frames: AsyncIterator<Frame>): Promise<Head> {
  const out: Uint8Array[] = []
  const err: Uint8Array[] = []
  for (let next = await frames.next(); !next.done; next = await frames.next()) {
    const { stream, bytes } = next.value
    ;(stream === 'stdout' ? out : err).push(bytes)
    const all = Buffer.concat(out)
    const newline = all.indexOf(0x0a)
    if (newline >= 0) return { line: all.subarray(0, newline).toString(), rest: all.subarray(newline + 1) }
  }
  return { stderr: Buffer.concat(err).toString() }
}

/** Read as fast as the reader takes it; a reader that goes away ends the process. */
function bodyOf(
  rest: Uint8Array,
  frames: AsyncIterator<Frame>,
  running: RunningExec,
  signal: AbortSignal,
): ReadableStream<Uint8Array> {
  const onAbort = () => void running.kill().catch(() => {})
  signal.addEventListener('abort', onAbort, { once: true })
  const end = () => signal.removeEventListener('abort', onAbort)
  return new ReadableStream<Uint8Array>({
    start(controller) {
      if (rest.length > 0) controller.enqueue(rest)
    },
    async pull(controller) {
      for (;;) {
        const next = await frames.next()
        if (next.done) {
          end()
          return controller.close()
        }
        if (next.value.stream !== 'stdout' || next.value.bytes.length === 0) continue
        return controller.enqueue(next.value.bytes)
      }
    },
    async cancel() {
      end()
      await running.kill()
    },
  })
}

interface Pump {
  /** How many bytes were sent, once the input was ended. */
  readonly done: Promise<number>
  stop(): void
}

function pump(body: ReadableStream<Uint8Array>, stdin: NodeJS.WritableStream, limitBytes: number, signal: AbortSignal): Pump {
  const reader = body.getReader()
  const stopped = Promise.withResolvers<'stopped'>()
  const onAbort = () => stopped.resolve('stopped')
  signal.addEventListener('abort', onAbort, { once: true })
  // What goes wrong on this side shows as the process's end on the other.
  stdin.on('error', onAbort)
  const drained = () => new Promise<void>((resolve) => stdin.once('drain', resolve))
  const send = async (): Promise<number> => {
    for (let sizeBytes = 0; ;) {
      const next = await Promise.race([reader.read(), stopped.promise])
      if (next === 'stopped') return sizeBytes
      if (next.done) {
        stdin.end()
        return sizeBytes
      }
      sizeBytes += next.value.length
      if (sizeBytes > limitBytes) throw new Fault('request.too_large', `The file is larger than ${limitBytes} bytes`)
      if (!stdin.write(next.value)) await Promise.race([drained(), stopped.promise])
    }
  }
  const done = send().finally(() => {
    signal.removeEventListener('abort', onAbort)
    void reader.cancel().catch(() => {})
  })
  done.catch(() => {})
  return { done, stop: onAbort }
}
