import type { EventSink } from './stream-events.ts'

export interface SseStream {
  readonly sink: EventSink
  readonly body: ReadableStream<Uint8Array>
  comment(text: string): void
  /** A last message of another event name, then the end. */
  end(event?: { readonly name: string; readonly data: string }): void
}

/** Server-sent events over a bounded stream: `id` is the cursor, so that a browser resumes by itself. */
export function createSse(options: { readonly bufferBytes: number; readonly onCancel: () => void }): SseStream {
  const encoder = new TextEncoder()
  let controller: ReadableStreamDefaultController<Uint8Array> | undefined
  let waiting: PromiseWithResolvers<void> | undefined
  let isOpen = true
  const wake = () => {
    waiting?.resolve()
    waiting = undefined
  }
  const body = new ReadableStream<Uint8Array>(
    {
      start: (given) => void (controller = given),
      pull: wake,
      cancel: () => {
        isOpen = false
        wake()
        options.onCancel()
      },
    },
    { highWaterMark: options.bufferBytes, size: (chunk) => chunk?.byteLength ?? 0 },
  )
  const write = (text: string) => void (isOpen && controller?.enqueue(encoder.encode(text)))
  return {
    body,
    sink: {
      send: (text, cursor) => write(`id: ${cursor}\ndata: ${text}\n\n`),
      ready: (cursor) => write(`retry: 1000\nid: ${cursor}\nevent: ready\ndata: ${JSON.stringify({ cursor })}\n\n`),
      blocked: () => (isOpen && (controller?.desiredSize ?? 0) <= 0 ? (waiting ??= Promise.withResolvers()).promise : undefined),
    },
    comment: (text) => void ((controller?.desiredSize ?? 0) > 0 && write(`: ${text}\n\n`)),
    end(event) {
      if (event) write(`event: ${event.name}\ndata: ${event.data}\n\n`)
      if (isOpen) controller?.close()
      isOpen = false
      wake()
    },
  }
}
