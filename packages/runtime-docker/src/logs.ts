import type { Readable } from 'node:stream'

import { Fault, type ContainerId } from '@boilerhouse/base'
import type { LogLine } from '@boilerhouse/runtime'

import type { ExecDeps } from './exec.ts'
import { FrameSplitter, type Frame } from './frames.ts'

/** A line that never ends is handed on in pieces of this size. */
const maxLineBytes = 1_048_576

/** The container's output, oldest first; following ends with the container or the signal. */
export async function* readLogs(
  { engine, inspect }: Pick<ExecDeps, 'engine' | 'inspect'>,
  containerId: ContainerId,
  { tail, follow }: { readonly tail: number; readonly follow: boolean },
  signal: AbortSignal,
): AsyncGenerator<LogLine> {
  const info = await inspect(containerId, signal)
  if (!info) throw new Fault('runtime.container_gone', `The engine no longer has the container ${containerId}`)
  const container = engine.docker.getContainer(info.Id)
  const options = { stdout: true, stderr: true, timestamps: true, tail }
  const call = { name: 'container.logs', subject: 'container', signal } as const
  const lines = new LineAssembler()
  const splitter = new FrameSplitter()
  if (!follow) {
    const all = await engine.call(call, () => container.logs({ ...options, follow: false }))
    for (const frame of splitter.push(all)) yield* lines.push(frame)
    yield* lines.rest()
    return
  }
  const stream = (await engine.call(call, () => container.logs({ ...options, follow: true }))) as Readable
  const end = () => stream.destroy()
  signal.addEventListener('abort', end, { once: true })
  try {
    for await (const chunk of stream) for (const frame of splitter.push(chunk as Uint8Array)) yield* lines.push(frame)
    yield* lines.rest()
  } catch (error) {
    // Destroying the stream is how following ends: not an error.
    if (!signal.aborted) throw error
  } finally {
    signal.removeEventListener('abort', end)
    stream.destroy()
  }
}

/** The engine cuts lines at 16 KB into frames, each with a time of its own before it; only the last one ends with a newline. */
export class LineAssembler {
  readonly #open = new Map<LogLine['stream'], { time: string; parts: Uint8Array[]; sizeBytes: number }>()

  push({ stream, bytes }: Frame): LogLine[] {
    const space = bytes.indexOf(0x20)
    const time = Buffer.from(bytes.subarray(0, Math.max(space, 0))).toString()
    const text = bytes.subarray(space + 1)
    const line = this.#open.get(stream) ?? { time, parts: [], sizeBytes: 0 }
    line.parts.push(text)
    line.sizeBytes += text.length
    if (text.at(-1) !== 0x0a && line.sizeBytes < maxLineBytes) {
      this.#open.set(stream, line)
      return []
    }
    this.#open.delete(stream)
    return [toLine(stream, line)]
  }

  /** What had no newline when the output ended. */
  rest(): LogLine[] {
    return [...this.#open].map(([stream, line]) => toLine(stream, line))
  }
}

const toLine = (stream: LogLine['stream'], { time, parts }: { time: string; parts: readonly Uint8Array[] }): LogLine => ({
  stream,
  time,
  text: Buffer.concat(parts)
    .toString()
    .replace(/\r?\n$/, ''),
})
