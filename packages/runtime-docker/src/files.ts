import { randomUUID } from 'node:crypto'

import { Fault } from '@boilerhouse/base'
import type { Runtime } from '@boilerhouse/runtime'

import { collect, startExec, type ExecDeps, type RunningExec } from './exec.ts'
import { fileExits, readCommand, unpackCommand, writeCommand } from './file-scripts.ts'
import type { Frame } from './frames.ts'

const messageBytes = 4096
/** The head may come in one piece with the first bytes of the file. */
const maxHeadBytes = 262_144

/** Files of a container, read and written by a process in it as its user. Both ways are streamed: nothing is held whole. */
export function createFiles(deps: ExecDeps): Pick<Runtime, 'readFile' | 'writeFile' | 'writeDirectory'> {
  return {
    async readFile(containerId, path, signal) {
      const running = await startExec(deps, containerId, { command: readCommand(checked(path)), hasStdin: false }, signal)
      const frames = running.frames[Symbol.asyncIterator]()
      const head = await readHead(frames).catch(async (error: unknown) => {
        await running.kill()
        throw error
      })
      if ('stderr' in head) throw fileFault((await running.end(signal)).exitCode, path, head.stderr)
      const body = bodyOf(head.rest, frames, running, signal)
      if (head.line === 'd') return { kind: 'directory', body }
      const sizeBytes = Number(head.line.slice(2))
      return { kind: 'file', ...(sizeBytes > 0 ? { sizeBytes } : {}), body }
    },
    writeFile: writing(deps, writeCommand),
    writeDirectory: writing(deps, unpackCommand),
  }
}

function writing(deps: ExecDeps, commandOf: (path: string, endMark: string) => string[]): Runtime['writeFile'] {
  return async (containerId, path, body, limitBytes, signal) => {
    const endMark = randomUUID()
    const start = { command: commandOf(checked(path), endMark), hasStdin: true }
    const running = await startExec(deps, containerId, start, signal)
    const output = collect(running.frames, messageBytes)
    // Looked at below; where the sending fails first, that is the error to tell.
    output.catch(() => {})
    const sending = send({ body, to: running.stdin, endMark, limitBytes, until: output, signal })
    // An input without its end mark, however it came to that, makes the script clean up and change nothing.
    const sizeBytes = await sending.finally(() => running.stdin.end())
    const { stderr } = await output
    const { exitCode } = await running.end(signal)
    if (exitCode !== 0) throw fileFault(exitCode, path, Buffer.from(stderr).toString())
    return { sizeBytes }
  }
}

function checked(path: string): string {
  if (path.startsWith('/') && !path.includes('\0')) return path
  throw new Fault('request.invalid', 'Cannot use this path: it has to be absolute and without NUL', {
    errors: [{ pointer: '/path', detail: 'has to be absolute and without NUL' }],
  })
}

function fileFault(exitCode: number, path: string, stderr: string): Fault {
  if (exitCode === fileExits.missing) return new Fault('container.file_not_found', `There is no ${path} in the container`)
  if (exitCode === fileExits.notAFile)
    return new Fault('container.file_denied', `${path} is neither a file nor a directory to use`)
  if (exitCode === fileExits.notATar) return new Fault('request.malformed', 'The body is no tar archive')
  // The container's volume or tmpfs is full, which no other path or user mends.
  if (/no space left|disk quota exceeded/i.test(stderr))
    return new Fault('request.too_large', `There is no room for ${path} in the container: ${stderr.trim()}`)
  const why = stderr.trim() === '' ? "the container's user may not" : stderr.trim()
  return new Fault('container.file_denied', `Cannot use ${path}: ${why}`)
}

type Head = { readonly line: string; readonly rest: Uint8Array } | { readonly stderr: string }

/** Bounded: what comes before the first newline is held. */
export async function readHead(frames: AsyncIterator<Frame>): Promise<Head> {
  const out: Uint8Array[] = []
  const err: Uint8Array[] = []
  let sizeBytes = 0
  for (let next = await frames.next(); !next.done; next = await frames.next()) {
    const { stream, bytes } = next.value
    // Not our script speaks here: a process of the tenant's may have laid hands on it.
    sizeBytes += bytes.length
    if (sizeBytes > maxHeadBytes) throw new Fault('container.file_denied', 'The reading process says what it should not')
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

interface Sending {
  readonly body: ReadableStream<Uint8Array>
  readonly to: NodeJS.WritableStream
  readonly endMark: string
  readonly limitBytes: number
  /** A script that refuses ends before its input does: nobody reads any more. */
  readonly until: Promise<unknown>
  readonly signal: AbortSignal
}

async function send({ body, to, endMark, limitBytes, until, signal }: Sending): Promise<number> {
  const reader = body.getReader()
  const ended = Promise.withResolvers<'ended'>()
  const onEnd = () => ended.resolve('ended')
  until.then(onEnd, onEnd)
  // A broken pipe shows as the script's end on the other side.
  to.on('error', onEnd)
  signal.addEventListener('abort', onEnd, { once: true })
  try {
    for (let sizeBytes = 0; ;) {
      const next = await Promise.race([reader.read(), ended.promise])
      signal.throwIfAborted()
      if (next === 'ended') return sizeBytes
      if (next.done) {
        to.write(endMark)
        return sizeBytes
      }
      sizeBytes += next.value.length
      if (sizeBytes > limitBytes) throw new Fault('request.too_large', `The file is larger than ${limitBytes} bytes`)
      if (!to.write(next.value)) await Promise.race([new Promise((resolve) => to.once('drain', resolve)), ended.promise])
    }
  } finally {
    signal.removeEventListener('abort', onEnd)
    await reader.cancel()
  }
}
